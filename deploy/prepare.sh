# shellcheck shell=bash
# Sourced by deploy/run and deploy/test: finds or installs what a build needs, and builds.
# Sourcing sets `repository` (the root of the work tree), `release_binary` and `release_symbols`; it does nothing else.

# Debian keeps nginx in /usr/sbin, which is not on every user's path.
PATH="$PATH:/usr/sbin:/sbin"

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
release_binary="$repository/.build-release/weir"
# What was stripped off the executable, for debuggers.
release_symbols="$repository/.build-release/weir.debug"

say() { printf '%s\n' "deploy: $*" >&2; }

# Ends the script; 69 is EX_UNAVAILABLE of sysexits.h.
stop() {
  say "$*"
  exit 69
}

has_command() { command -v "$1" >/dev/null 2>&1; }

has_library() { has_command pkg-config && pkg-config --exists "$1"; }

has_venv() { has_command python3 && python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Prints the Debian packages that a release build lacks, one a line. The needs are tested, not the
# packages, so that a machine with its own libcurl is left alone.
packages_missing_to_build() {
  # What the toolchain itself takes from the system.
  swift_runs || printf '%s\n' libncurses6 libxml2
  has_command git || echo git
  [[ -d /usr/include/c++ ]] || echo g++
  has_command pkg-config || echo pkg-config
  has_library libcurl || echo libcurl4-openssl-dev
  has_library libnghttp2 || echo libnghttp2-dev
  has_library simdjson || echo libsimdjson-dev
  has_library zlib || echo zlib1g-dev
  has_library sqlite3 || echo libsqlite3-dev
  has_library yaml-0.1 || echo libyaml-dev
  has_library re2 || echo libre2-dev
  has_library nlohmann_json || echo nlohmann-json3-dev
  has_library jemalloc || echo libjemalloc-dev
  has_library hiredis || echo libhiredis-dev
}

# The same for the lint check.
packages_missing_to_lint() {
  has_command shellcheck || echo shellcheck
}

# The same for the unit tests.
packages_missing_to_test_units() {
  has_command redis-server || echo redis-server
}

# The same for the end-to-end tests.
packages_missing_to_test() {
  has_venv || echo python3-venv
  has_command nginx || echo nginx-light
  has_command openssl || echo openssl
  has_command ip || echo iproute2
  has_command promtool || echo prometheus
  has_command prometheus || echo prometheus
  has_command wrk || echo wrk
  has_command redis-server || echo redis-server
  has_command valgrind || echo valgrind
  has_command strip || echo binutils
  has_command chromium || echo chromium
  has_command chromedriver || echo chromium-driver
  has_command objdump || echo binutils
  has_command dpkg-shlibdeps || echo dpkg-dev
  has_command lintian || echo lintian
}

# The same for building, checking and trying the Debian package.
packages_missing_to_package() {
  has_command objdump || echo binutils
  has_command dpkg-shlibdeps || echo dpkg-dev
  has_command lintian || echo lintian
  has_command mmdebstrap || echo mmdebstrap
}

# Runs its arguments as root: directly, or by a sudo that asks nothing. Fails when neither may be.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

may_install() { has_command apt-get && { [[ $EUID -eq 0 ]] || { has_command sudo && sudo -n true 2>/dev/null; }; }; }

# Installs the named packages and starts none of their services: a policy-rc.d that forbids it is there
# while apt runs, unless the machine has one of its own.
install_packages() {
  local policy=/usr/sbin/policy-rc.d status=0 placed=no
  local script="printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
  if [[ ! -e $policy ]]; then
    as_root sh -c "$script" && placed=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' apt "$@" >&2 || status=$?
  if [[ $placed == yes ]]; then
    as_root rm -f "$policy"
  fi
  return "$status"
}

# Takes packages on standard input; installs them, or says what to do and ends the script.
provide() {
  local -a missing
  mapfile -t missing < <(sort -u)
  if [[ ${#missing[@]} -eq 0 ]]; then
    return 0
  fi
  if ! may_install; then
    stop "these packages are missing and this user may not install them: ${missing[*]}
deploy: ask an administrator for:  apt-get install ${missing[*]}
deploy: then run this again; nothing was changed."
  fi
  say "installing: ${missing[*]}"
  install_packages "${missing[@]}" </dev/null \
    || stop "apt could not install: ${missing[*]}. Its own message is above; nothing was built."
}

swift_runs() { swift --version >/dev/null 2>&1; }

require_swift() {
  has_command swift \
    || stop "the Swift toolchain (6.2 or newer) is not on the PATH; see https://www.swift.org/install"
}

has_valijson() { [[ -e /usr/include/valijson/schema.hpp || -e /usr/local/include/valijson/schema.hpp ]]; }

# The headers of valijson alone, out of Debian's package: installed, that brings in Qt and Poco, for adapters that weir
# does not use.
provide_valijson() {
  if has_valijson; then
    return 0
  fi
  if ! may_install; then
    stop "the headers of valijson are missing and this user may not install them.
deploy: ask an administrator for:  apt-get install libvalijson-dev
deploy: then run this again; nothing was changed."
  fi
  say "installing: the headers of libvalijson-dev"
  fetch_valijson </dev/null >&2 \
    || stop "the headers of libvalijson-dev could not be fetched. The message is above; nothing was built."
}

fetch_valijson() {
  local work
  work="$(mktemp -d)" && chmod 755 "$work" || return 1
  (
    cd "$work" || exit 1
    apt-get download -q libvalijson-dev || { as_root apt-get update -q && apt-get download -q libvalijson-dev; }
  ) && dpkg-deb -x "$work"/libvalijson-dev_*.deb "$work/tree" \
    && as_root mkdir -p /usr/local/include \
    && as_root cp -r "$work/tree/usr/include/valijson" /usr/local/include/ \
    && rm -rf "$work"
}

provide_build() {
  require_swift
  packages_missing_to_build | provide
  swift_runs \
    || stop "the Swift toolchain does not run: $(swift --version 2>&1 | head -n 1). https://www.swift.org/install has what
deploy: it needs of this system; nothing was built."
  provide_valijson
}

# The commit that `weir --version` says: of the clone, with -dirty where tracked files were changed, or the one that
# `git archive` wrote into deploy/commit; nothing where neither is known.
commit_of_tree() {
  local commit
  if has_command git && commit="$(git -C "$repository" rev-parse --short=12 HEAD 2>/dev/null)"; then
    git -C "$repository" diff --quiet HEAD -- 2>/dev/null || commit+=-dirty
    printf '%s\n' "$commit"
  else
    grep -Eo '^[0-9a-f]{12,40}$' "$repository/deploy/commit" || true
  fi
}

# Joins jemalloc's objects into one, whose path it prints. Linked as an archive, the executable would keep malloc to
# itself (Swift hides what comes from archives), and what a library allocates could not be freed by weir.
join_allocator() {
  local joined="$repository/.build-release/jemalloc.o" archive
  archive="$(pkg-config --variable=libdir jemalloc)/libjemalloc_pic.a"
  mkdir -p "$repository/.build-release"
  if [[ ! $joined -nt $archive ]]; then
    "$1/ld.lld" -r --whole-archive "$archive" -o "$joined.new" && mv "$joined.new" "$joined"
  fi
  printf '%s\n' "$joined"
}

# Builds the release executable and strips it; its path is then $release_binary. Debug builds, which the tests run,
# check each access to a variable for overlap, in the libraries too; here a hundred such checks a request are left out.
#
# For the size: each function has a section of its own, so that the linker leaves out what nothing calls; names are not
# exported, but for the allocator's, which the libraries of the system look for; and relocations are packed, which the
# toolchain's linker and the C library since 2.36 know.
build_release() {
  local built="$repository/.build-release/release/weir" tools allocator
  tools="$(dirname "$(readlink -f "$(command -v swift)")")"
  allocator="$(join_allocator "$tools")" || stop "jemalloc cannot be linked; the linker's own message is above."
  say "building the release executable (the first time takes minutes)"
  WEIR_COMMIT="$(commit_of_tree)" swift build --package-path "$repository" --scratch-path "$repository/.build-release" \
    -c release --static-swift-stdlib --product weir -Xswiftc -enforce-exclusivity=unchecked \
    -Xswiftc -cross-module-optimization -Xswiftc -Xfrontend -Xswiftc -function-sections \
    -Xcc -ffunction-sections -Xcc -fdata-sections -Xswiftc -use-ld=lld -Xlinker --no-export-dynamic \
    -Xlinker -z -Xlinker pack-relative-relocs -Xlinker "$allocator" >&2
  if [[ $built -nt $release_binary || ! -e $release_symbols ]]; then
    "$tools/llvm-objcopy" --only-keep-debug "$built" "$release_symbols"
    "$tools/llvm-objcopy" --strip-all --add-gnu-debuglink="$release_symbols" "$built" "$release_binary"
  fi
}
