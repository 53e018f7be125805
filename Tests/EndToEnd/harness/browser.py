"""A headless Chromium, driven by Debian's chromedriver."""

import os
import shutil
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

# Text that stands too close to its ground (WCAG 2.2, 1.4.3), with the ratio; what is not shown counts as fine.
CONTRAST = r"""
const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const parse = (text) => text.match(/[\d.]+/g).map(Number);
const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
const groundOf = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
    if (a > 0) return [r, g, b];
  }
  return [255, 255, 255];
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !node.checkVisibility() || node.closest("noscript, .unseen")) continue;
  const style = getComputedStyle(node);
  const text = luminance(parse(node instanceof SVGElement ? style.fill : style.color));
  const ground = luminance(groundOf(node));
  const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  if (ratio < 4.5) found.push([walker.currentNode.textContent.trim(), Math.round(ratio * 100) / 100]);
}
return found;
"""


class Browser:
    def __init__(self):
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        assert chromium and driver, "chromium and chromedriver (Debian: chromium, chromium-driver) are needed"
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        # Chromium's sandbox refuses to run as root; /dev/shm is small in containers.
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         *(["--no-sandbox"] if os.geteuid() == 0 else [])):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))
        self.driver.set_page_load_timeout(20)
        self.driver.set_script_timeout(20)

    def quit(self) -> None:
        self.driver.quit()

    def look(self, width: int = 1280, height: int = 900, dark: bool = False, still: bool = False) -> None:
        """What the next page believes of its screen and its user."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}]})

    def open(self, url: str) -> None:
        self.complaints()  # those of the page before
        self.driver.get(url)

    def complaints(self) -> list:
        """What the console was told that is worse than a hint, violations of the content security policy included."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def run(self, script: str, *arguments):
        return self.driver.execute_script(script, *arguments)

    def one(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def attribute(self, selector: str, name: str) -> str:
        """In one step, since the page replaces some of its elements at every update."""
        return self.run("return document.querySelector(arguments[0])?.getAttribute(arguments[1]) ?? ''", selector, name)

    def requests(self, path: str) -> int:
        """How often the page has asked for a path."""
        return self.run("return performance.getEntriesByType('resource')"
                        ".filter((each) => new URL(each.name).pathname === arguments[0]).length", path)

    def keep_screenshot(self, name: str) -> None:
        """Of the whole page, where WEIR_SCREENSHOTS names a folder; for somebody to look at."""
        if folder := os.environ.get("WEIR_SCREENSHOTS"):
            size = self.run("return [innerWidth, document.documentElement.scrollHeight]")
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600})
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))
