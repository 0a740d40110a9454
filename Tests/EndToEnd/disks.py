"""Disks of other clouds, made byte by byte: VMDK and VHD."""
import struct


def vmdk(target):
    return (f'# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="monolithicFlat"\n'
            f'RW 128 FLAT "{target}" 0\n').encode().ljust(1024, b"\n")


def vmdk_sparse(target, extent=None, more="", kind="monolithicSparse", capacity=128, at=1, sectors=20, directory=26):
    """A VMDK of one file, as qemu-img writes it, with a descriptor of one's own."""
    head = b"KDMV" + struct.pack("<IIQQQQIQQQB", 1, 3, capacity, 128, at, sectors, 512, 21, directory, 128, 0)
    head += b"\n \r\n"  # shows whether line ends were changed on the way
    extent = extent or f'RW {capacity} SPARSE "disk.vmdk"'
    text = (f'# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="{kind}"\n'
            f'{more.format(target)}\n{extent.format(target)}\n')
    return (head.ljust(512, b"\0") + text.encode()).ljust(256 * 512, b"\0")


def vhd(target, kind=3, size=1 << 20, parent=False, twice=True):
    """A dynamic VHD with its sums right."""
    footer = b"conectix" + struct.pack(">IIQI4s8xQQII", 2, 0x10000, 512, 0, b"qem2", size, size, 0xFFFF10FF, kind)
    header = b"cxsparse" + struct.pack(">QQIII", (1 << 64) - 1, 1536, 0x10000, 1, 2 << 20)
    name = target.encode("utf-16-be")[:512].ljust(512, b"\0") if parent else b""
    header = header.ljust(64, b"\0") + name
    return sealed(footer.ljust(512, b"\0") + header.ljust(1024, b"\0") + b"\xff" * 512, twice)


def sealed(content, twice=True):
    """The first 2 KiB of a dynamic VHD with their sums made right, and its footer."""
    def summed(part, place):
        part = part[:place] + bytes(4) + part[place + 4:]
        return part[:place] + struct.pack(">I", ~sum(part) & 0xFFFFFFFF) + part[place + 4:]
    footer, header = summed(content[:512], 64), summed(content[512:1536], 36)
    return footer + header + content[1536:2048] + (footer if twice else bytes(512))


def end_with_directory(content):
    """Has a stream say where its directory is at its end only, as what writes to a pipe does."""
    header, rest = content[:512], content[512:]
    marks = [struct.pack("<QII", 0, 0, kind).ljust(512, b"\0") for kind in (3, 0)]
    return header[:56] + b"\xff" * 8 + header[64:] + rest + marks[0] + header + marks[1]
