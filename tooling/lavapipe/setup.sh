#!/bin/sh
# Unpacks lavapipe, Mesa's Vulkan driver for CPUs, where the tests look for it; installs nothing. For Debian 12 on x64, whose
# own Mesa is older than Dawn accepts: the driver is that of its backports, the libraries it needs are Debian's.
set -eu
folder=$(cd "$(dirname "$0")/../.." && pwd)/node_modules/.cache/lavapipe
[ -f "$folder/driver.json" ] && exit
[ "$(. /etc/os-release && echo "$VERSION_CODENAME") $(dpkg --print-architecture)" = 'bookworm amd64' ] || {
  echo 'lavapipe: expected Debian 12 on amd64; WebGPU is tested on SwiftShader alone without it' >&2
  exit 1
}

mkdir -p "$(dirname "$folder")"
staging=$(mktemp -d "$folder-XXXXXX")
trap 'rm -rf "$staging"' EXIT
mkdir -p "$staging/lists/partial" "$staging/debs" "$staging/root" "$staging/driver"
fetch() {
  apt-get -o APT::Sandbox::User=root "$@"
}
fetch update -qq
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Codename: bookworm' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" >"$staging/sources"
backports() {
  fetch -o Dir::Etc::SourceList="$staging/sources" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$staging/lists" "$@"
}
backports update -qq
cd "$staging/debs"
backports download -qq mesa-vulkan-drivers libdrm2
fetch download -qq libllvm15 libexpat1 libxcb1 libx11-xcb1 libxcb-dri3-0 libxcb-present0 libxcb-randr0 libxcb-shm0 libxcb-sync1 \
  libxcb-xfixes0 libxshmfence1 libwayland-client0 libz3-4 libxau6 libxdmcp6 libedit2 libbsd0 libtinfo6 libxml2 libffi8 libicu72 \
  libmd0 libzstd1 zlib1g liblzma5
for deb in *.deb; do dpkg -x "$deb" ../root; done

libraries=usr/lib/x86_64-linux-gnu
cp "$staging/root/$libraries/libvulkan_lvp.so" "$staging/driver/"
for library in "$staging/root/$libraries/"*.so.* "$staging/root/lib/x86_64-linux-gnu/"*.so.*; do
  case $(basename "$library") in
    *.so.*.* | libicuio* | libicutest* | libicutu* | *.so.'*') ;; # The name with one number is what the others ask for.
    *) cp -L "$library" "$staging/driver/" ;;
  esac
done
sed "s#\"library_path\": *\"[^\"]*\"#\"library_path\": \"$folder/libvulkan_lvp.so\"#" \
  "$staging/root/usr/share/vulkan/icd.d/"lvp_icd*.json >"$staging/driver/driver.json"
chmod 755 "$staging/driver"
mv -T "$staging/driver" "$folder"
