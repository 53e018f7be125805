# shellcheck shell=bash disable=SC2154  # prepare.sh sets repository and release_binary
# Sourced by deploy/install and deploy/deb/build after prepare.sh: lays an installation's files out below a root.

# Arguments: mode, source, target.
place() { install -D -m "$1" "$2" "$3"; }

# Arguments: root ("" is this machine), prefix (/usr or /usr/local), folder of units. Needs the release executable. Files
# below /etc that are there already are left alone.
place_files() {
  local root="$1" prefix="$2" units="$3" deploy="$repository/deploy" made unit
  local share="$root$prefix/share"
  made="$(mktemp -d)"
  place 755 "$release_binary" "$root$prefix/bin/weir"
  "$deploy/man" "$release_binary" | gzip -9n >"$made/weir.1.gz"
  place 644 "$made/weir.1.gz" "$share/man/man1/weir.1.gz"
  "$release_binary" --generate-completion-script bash | sed '1{/^#!/d}' >"$made/bash"
  "$release_binary" --generate-completion-script zsh >"$made/zsh"
  "$release_binary" --generate-completion-script fish >"$made/fish"
  place 644 "$made/bash" "$share/bash-completion/completions/weir"
  place 644 "$made/zsh" "$share/zsh/vendor-completions/_weir"
  place 644 "$made/fish" "$share/fish/vendor_completions.d/weir.fish"
  "$deploy/sbom" "$release_binary" >"$made/weir.cdx.json"
  place 644 "$made/weir.cdx.json" "$share/doc/weir/weir.cdx.json"
  for unit in "$deploy"/systemd/*.service "$deploy"/systemd/*.socket; do
    sed "s|/usr/bin/weir|$prefix/bin/weir|" "$unit" >"$made/unit"
    place 644 "$made/unit" "$root$units/$(basename "$unit")"
  done
  [[ -e $root/etc/weir/weir.yaml ]] || place 644 "$deploy/systemd/weir.yaml" "$root/etc/weir/weir.yaml"
  [[ -e $root/etc/default/weir ]] || place 600 "$deploy/systemd/weir.default" "$root/etc/default/weir"
  rm -rf "$made"
}
