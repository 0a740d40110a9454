import CloudCore

/// VHD, fixed and dynamic (Microsoft, Virtual Hard Disk Image Format Specification 1.0); no differencing disks.
struct VHD {
    let file: ImageBytes

    private static let cookie = "conectix"
    /// 2,040 GiB, the most that the format's tables hold.
    private static let largest: UInt64 = 0xff00_0000 * 512
    /// Programs whose word for the size QEMU takes. Of any other's files it takes cylinders × heads × sectors.
    private static let sized = ["win ", "qem2", "d2v ", "tap\0", "CTXS"]
    private static let most: UInt64 = 65_535 * 16 * 255

    func virtualSize() async throws(CloudError) -> Int {
        guard file.length >= 1024, file.length % 512 == 0 else {
            throw .refusedImage("it is declared vhd and is none")
        }
        let head = try await file.window(0, 512)
        let footer = try await file.window(UInt64(file.length - 512), 512)
        guard footer.starts(with: Self.cookie) else { throw .refusedImage("it is declared vhd and has no footer") }
        let isDynamic = head.starts(with: Self.cookie)
        guard !isDynamic || head.bytes == footer.bytes else { throw .refusedImage("its footer has two versions") }
        guard Self.isSummed(footer, at: 64), footer.big(12, 4) == 0x10000, footer.big(8, 4) & ~3 == 0,
            footer.bytes[84] == 0
        else { throw .refusedImage("its footer is damaged, or holds a suspended machine") }
        let size = footer.big(48, 8)
        guard size > 0, size % 512 == 0, size <= Self.largest else {
            throw .refusedImage("its disk is empty, crooked or larger than 2,040 GiB")
        }
        let sectors = footer.big(56, 2) * footer.big(58, 1) * footer.big(59, 1)
        guard
            Self.sized.contains(where: { footer.starts(with: $0, at: 28) }) || sectors == Self.most
                || sectors * 512 == size
        else { throw .refusedImage("its size is not its geometry's, and which one is meant is not known") }
        switch (footer.big(60, 4), isDynamic) {
        case (2, false):
            try ImageFormat.refuseOthers(head.bytes, declared: .vhd)
            guard size == UInt64(file.length - 512), footer.big(16, 8) == .max else {
                throw .refusedImage("its size is not its file's")
            }
        case (3, true): try await checkTable(footer.big(16, 8), size)
        case (4, _): throw .refusedImage("it is a differencing disk, which has a parent")
        default: throw .refusedImage("it is neither fixed nor dynamic")
        }
        return Int(size)
    }

    /// The dynamic disk's header: no parent, and a table that lies within the file.
    private func checkTable(_ place: UInt64, _ size: UInt64) async throws(CloudError) {
        let header = try await file.window(place, 1024)
        guard place >= 512, header.starts(with: "cxsparse"), header.big(24, 4) == 0x10000, Self.isSummed(header, at: 36)
        else { throw .refusedImage("its dynamic header is damaged") }
        guard header.isZero(40..<56), header.isZero(64..<768) else { throw .refusedImage("it names a parent") }
        let (table, entries, block) = (header.big(16, 8), header.big(28, 4), header.big(32, 4))
        guard (1 << 19...1 << 28).contains(block), block & (block - 1) == 0 else {
            throw .refusedImage("its blocks are out of range")
        }
        guard entries * block >= size, entries <= UInt64(ImageFormat.largest) / block else {
            throw .refusedImage("its table does not fit its size")
        }
        guard table >= 512, file.holds(table, entries * 4) else { throw .refusedImage("its table lies beyond its end") }
    }

    /// The sum of all bytes but the sum's own, inverted.
    private static func isSummed(_ part: ImageWindow, at place: Int) -> Bool {
        let sum = part.bytes.reduce(UInt32(0)) { $0 + UInt32($1) }
        let own = part.bytes[place..<place + 4].reduce(UInt32(0)) { $0 + UInt32($1) }
        return UInt64(~(sum - own)) == part.big(place, 4)
    }
}
