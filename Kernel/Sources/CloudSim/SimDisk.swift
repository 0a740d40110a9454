/// The smallest file that passes for a disk.
enum SimDisk {
    /// A qcow2 header (version 2) of so many bytes of disk, with tables that lie within the file.
    static func qcow2(of size: Int) -> [UInt8] {
        func big(_ number: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: number >> ((width - 1 - $0) * 8)) }
        }
        let entries = (size + (1 << 29) - 1) >> 29
        var out: [UInt8] = [0x51, 0x46, 0x49, 0xfb] + big(2, 4) + big(0, 8) + big(0, 4) + big(16, 4)
        out += big(size, 8) + big(0, 4) + big(entries, 4) + big(72, 8) + big(80, 8)
        return out + [UInt8](repeating: 0, count: 160 - out.count)
    }
}
