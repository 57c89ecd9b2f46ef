# Sourced by demo.sh and test.sh from the repository's root: brings a fresh machine to a built host and a built dist/.
# Every step looks first whether it is done, so a second call takes seconds. Afterwards `host_ready` is yes or no; with
# no Swift and no way to install it, the set-up says so and goes on without the host.
# Environment: WASMBURST_HOST_DEPS=none|packages decides how the host is built (default: packages where they can be reached);
# WASMBURST_HOST names one that is built already.

setup_logs=.cache/setup
mkdir -p "$setup_logs"

notice() { printf '%s\n' "$*" >&2; }
fail() { notice "error: $*"; exit 1; }

# `attempt NAME COMMAND…`: quiet, with the command's output kept in a file, and shown when it fails.
attempt() {
  local name=$1 log start=$SECONDS
  shift
  log="$setup_logs/$(printf '%s' "$name" | tr -c 'A-Za-z0-9' '-').log"
  if ! "$@" >"$log" 2>&1; then
    if [ "$(wc -l <"$log")" -gt 60 ]; then { head -n 20 "$log"; echo …; tail -n 40 "$log"; } >&2; else cat "$log" >&2; fi
    notice "set-up: $name failed (all of its output: $log)"
    return 1
  fi
  if [ $((SECONDS - start)) -ge 5 ]; then notice "set-up: $name took $((SECONDS - start)) s"; fi
}
step() { attempt "$@" || fail "set-up cannot go on"; }

# macOS has no timeout(1).
bounded() { perl -e 'alarm shift; exec @ARGV or exit 127' "$@"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}
can_be_root() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

check_node() {
  command -v node >/dev/null || fail "Node.js 20 or later is needed (https://nodejs.org), and there is no node on PATH"
  command -v npm >/dev/null || fail "npm is needed, and there is none on PATH"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || fail "Node.js 20 or later is needed; node on PATH is $(node --version)"
}

# A node_modules that is a link belongs to another checkout.
install_npm_packages() {
  if [ -L node_modules ]; then return; fi
  local installed=node_modules/.wasmburst-lock
  if cmp -s package-lock.json "$installed"; then return; fi
  step "npm ci" npm ci --no-audit --no-fund --fetch-timeout=60000
  cp package-lock.json "$installed"
}

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

# Major version of the swiftlang package that apt would install, 0 for none.
apt_swift_major() {
  local version
  version=$(apt-cache policy swiftlang 2>/dev/null | sed -n 's/^ *Candidate: \([0-9][0-9]*\).*/\1/p')
  printf '%s' "${version:-0}"
}

# Debian 12 has no Swift; Debian 13 (trixie) has 6.0. Its packages come from the mirror that the machine already uses,
# at priority 100, so that nothing else of it is installed or upgraded except what swiftlang depends on.
add_trixie() {
  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed_by=
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian main [a-z]* //p' | head -n 1)
  [ -n "$mirror" ] || return 1
  if [ -f "$keyring" ]; then signed_by="Signed-By: $keyring"; fi
  printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\n%s\n' "$mirror" "$signed_by" |
    as_root tee /etc/apt/sources.list.d/wasmburst-trixie.sources >/dev/null
  printf 'Package: *\nPin: release n=trixie\nPin-Priority: 100\n' |
    as_root tee /etc/apt/preferences.d/wasmburst-trixie >/dev/null
}

apt_knows_trixie() { apt-get indextargets --format '$(CODENAME)' 2>/dev/null | grep -qx trixie; }

install_swift_by_apt() {
  notice "set-up: installing Swift (once, some minutes)"
  # One broken source of many makes apt-get update fail; whether it matters shows in the installation.
  attempt "apt-get update" as_root apt-get update || true
  if ! apt_knows_trixie && [ "$(apt_swift_major)" -lt 6 ]; then
    add_trixie || return 1
    attempt "apt-get update with trixie" as_root apt-get update || true
  fi
  # swiftlang itself brings neither the C nor the C++ headers, which Foundation and the cpu device need. They come from the
  # system's own release: trixie's would replace its gcc as well.
  if ! command -v g++ >/dev/null; then attempt "apt-get install g++" apt_install g++ || return 1; fi
  if apt_knows_trixie; then
    attempt "apt-get install swiftlang" apt_install -t trixie swiftlang
  else
    attempt "apt-get install swiftlang" apt_install swiftlang
  fi
}

has_swift_6() {
  local major
  major=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\).*/\1/p' | head -n 1)
  [ "${major:-0}" -ge 6 ]
}

# Sets swift_ready.
ensure_swift() {
  swift_ready=yes
  if has_swift_6; then return; fi
  swift_ready=no
  if command -v apt-get >/dev/null && can_be_root; then
    if install_swift_by_apt && has_swift_6; then
      swift_ready=yes
      return
    fi
    notice "notice: apt offers no Swift 6 for this system; install it from https://www.swift.org/install"
  elif [ "$(uname)" = Darwin ]; then
    notice "notice: there is no Swift 6; install Xcode 16 or its command line tools (xcode-select --install)"
  else
    notice "notice: there is no Swift 6 on PATH, and installing it needs root (or sudo without a password) and apt"
  fi
  notice "notice: going on without the host: only the V8 device is available"
}

# Sets and exports WASMBURST_HOST_DEPS. The choice is kept, since another one rebuilds everything.
choose_host_dependencies() {
  local choice=host-swift/.build/wasmburst-dependencies
  if [ -z "${WASMBURST_HOST_DEPS:-}" ]; then
    if [ -f "$choice" ]; then
      WASMBURST_HOST_DEPS=$(cat "$choice")
    elif packages_can_be_had >"$setup_logs/packages.log" 2>&1; then
      WASMBURST_HOST_DEPS=packages
    else
      WASMBURST_HOST_DEPS=none
      notice "set-up: the Swift packages cannot be reached; building the host without them (WASMBURST_HOST_DEPS=none)"
    fi
  fi
  mkdir -p host-swift/.build
  printf '%s' "$WASMBURST_HOST_DEPS" >"$choice"
  export WASMBURST_HOST_DEPS
}

# A package mirror (swift package config set-mirror) counts, so Swift itself is asked; the probe before it only saves
# the wait where the network drops packets instead of refusing.
packages_can_be_had() {
  if [ ! -f host-swift/.swiftpm/configuration/mirrors.json ]; then
    GIT_TERMINAL_PROMPT=0 bounded 10 git ls-remote https://github.com/apple/swift-argument-parser.git HEAD || return 1
  fi
  bounded 180 swift package --package-path host-swift resolve
}

build_host() {
  choose_host_dependencies
  step "swift build" swift build --package-path host-swift -c release
  host_ready=yes
}

# The one that WASMBURST_HOST names, which the client takes before all others: no Swift is installed for it.
take_host() {
  [ -f "$WASMBURST_HOST" ] && [ -x "$WASMBURST_HOST" ] || fail "WASMBURST_HOST is \"$WASMBURST_HOST\", which is no executable file"
  host_ready=yes
  swift_ready=no
  if has_swift_6; then swift_ready=yes; fi
}

# NVRTC, for checks of the cuda device's kernels, which need neither GPU nor driver: 87 MB from PyPI. Sets nvrtc, empty where it cannot be had.
ensure_nvrtc() {
  nvrtc=${WASMBURST_NVRTC:-$PWD/.cache/nvrtc/nvidia/cu13/lib/libnvrtc.so.13}
  if [ -e "$nvrtc" ]; then return; fi
  nvrtc=
  if [ -n "${WASMBURST_NVRTC:-}" ] || [ "$(uname -sm)" != "Linux x86_64" ]; then return; fi
  if bounded 180 python3 -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 15 --no-deps --target .cache/nvrtc \
    nvidia-cuda-nvrtc==13.0.88 >"$setup_logs/nvrtc.log" 2>&1; then
    nvrtc=$PWD/.cache/nvrtc/nvidia/cu13/lib/libnvrtc.so.13
  fi
}

setup() {
  check_node
  install_npm_packages
  host_ready=no
  if [ -n "${WASMBURST_HOST:-}" ]; then
    take_host
  else
    ensure_swift
    if [ "$swift_ready" = yes ]; then build_host; fi
  fi
  step "npm run build" npm run --silent build
}
