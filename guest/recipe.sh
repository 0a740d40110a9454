# Sourced by build-image and image: what the image is made of.

guest_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The SSH server and the libraries that it is linked with.
ssh_packages='dropbear-bin libtomcrypt1 libtommath1 libgmp10 libcrypt1 zlib1g libc6'

# NAME=VERSION of each package whose files are inside the image, one a line: apt's candidates,
# with the kernel that linux-image-cloud-amd64 stands for. One call, as apt-cache is slow.
image_packages() {
    # shellcheck disable=SC2086
    apt-cache show --no-all-versions linux-image-cloud-amd64 busybox-static syslinux $ssh_packages | awk '
        $1 == "Package:" { package = $2 }
        $1 == "Version:" && package !~ /^linux-/ { print package "=" $2; found++ }
        $1 == "Depends:" && package ~ /^linux-/ { sub(/\)/, "", $4); print $2 "=" $4; found++ }
        END { if (found != 10) { print "packages unknown to apt: run apt-get update" >"/dev/stderr"; exit 1 } }'
}

# Sixteen hexadecimal digits that change when anything the image is made of changes.
recipe_hash() {
    local packages
    packages=$(image_packages) || return 1 # set -e does not reach inside $( )
    {
        echo "$packages"
        cd "$guest_dir"
        find build-image recipe.sh modules.txt rootfs -type f -print0 |
            LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -c 1-16
}
