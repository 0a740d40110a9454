import CloudCore

/// VHDX (MS-VHDX): no parent, nothing in its log, and only what is known in its tables.
struct VHDX {
    let file: ImageBytes

    private static let batRegion = "6677c22d23f600429d64115e9bfd4a08"
    private static let metadataRegion = "06a27c8b90479a4bb8fe575f050f886e"
    private static let parameters = "3767a1ca36fa434db3b633f0aa44e76b"
    private static let diskSize = "2442a52f1bcd7648b2115dbed83bf4b8"
    private static let logicalSector = "1dbf41816fa90947ba47f233a8faab5f"
    /// What a disk may have besides: its id and its physical sectors. A parent's locator is not among them.
    private static let others: Set = ["ab12cabee6b2234593efc309e000c746", "c748a3cd5d4471449cc9e9885251c556"]

    func virtualSize() async throws(CloudError) -> Int {
        guard try await file.window(0, 8).starts(with: "vhdxfile") else {
            throw .refusedImage("it is declared vhdx and is none")
        }
        try await checkLog()
        let regions = try await regions()
        guard let bat = regions[Self.batRegion], let metadata = regions[Self.metadataRegion], regions.count == 2 else {
            throw .refusedImage("its regions are not those of a disk")
        }
        let items = try await items(metadata.place)
        guard let parameters = items[Self.parameters], let size = items[Self.diskSize]?.little(0, 8),
            items[Self.logicalSector]?.little(0, 4) == 512
        else { throw .refusedImage("its metadata are not whole, or its sectors not of 512 bytes") }
        // Bit 1 is the parent's; bit 0 says that its blocks stay allocated.
        guard parameters.little(4, 4) & ~1 == 0 else { throw .refusedImage("it has a parent") }
        guard size > 0, size % 512 == 0, size <= UInt64(ImageFormat.largest) else {
            throw .refusedImage("its disk is empty, crooked or larger than 2 TiB")
        }
        let block = parameters.little(0, 4)
        guard (1 << 20...1 << 28).contains(block), block & (block - 1) == 0 else {
            throw .refusedImage("its blocks are out of range")
        }
        // After so many blocks' entries follows one for which of their sectors are there.
        let (blocks, chunk) = ((size + block - 1) / block, (1 << 23) * 512 / block)
        guard blocks + (blocks - 1) / chunk <= bat.length / 8, bat.length <= 1 << 26 else {
            throw .refusedImage("its table does not fit its size")
        }
        return Int(size)
    }

    /// Of the two headers the whole one with the greater number counts. A log that was not played back would have to
    /// be, before the disk is what it says.
    private func checkLog() async throws(CloudError) {
        var found: [ImageWindow] = []
        for place: UInt64 in [1 << 16, 2 << 16] {
            let header = try await file.window(place, 4096)
            if header.starts(with: "head"), CRC32C.isSummed(header, at: 4) { found.append(header) }
        }
        guard let current = found.max(by: { $0.little(8, 8) < $1.little(8, 8) }),
            found.count < 2 || found[0].little(8, 8) != found[1].little(8, 8)
        else { throw .refusedImage("its headers are damaged") }
        guard current.little(66, 2) == 1, current.little(64, 2) == 0 else {
            throw .refusedImage("its version is not known")
        }
        guard current.isZero(48..<64) else { throw .refusedImage("it was not closed: its log is not empty") }
    }

    private func regions() async throws(CloudError) -> [String: (place: UInt64, length: UInt64)] {
        let table = try await file.window(3 << 16, 1 << 16)
        guard table.starts(with: "regi"), CRC32C.isSummed(table, at: 4), table.little(8, 4) <= 2 else {
            throw .refusedImage("its region table is damaged or names more than a disk needs")
        }
        var found: [String: (place: UInt64, length: UInt64)] = [:]
        for number in 0..<Int(table.little(8, 4)) {
            let entry = 16 + number * 32
            let (place, length) = (table.little(entry + 16, 8), table.little(entry + 24, 4))
            guard place >= 1 << 20, place % (1 << 20) == 0, length >= 1 << 20, file.holds(place, length),
                found.updateValue((place, length), forKey: Self.id(table, entry)) == nil
            else { throw .refusedImage("its regions lie beyond its end, or twice there") }
        }
        return found
    }

    /// What the metadata region says, by the ids of its items.
    private func items(_ region: UInt64) async throws(CloudError) -> [String: ImageWindow] {
        let table = try await file.window(region, 1 << 16)
        guard table.starts(with: "metadata"), table.little(10, 2) <= 5 else {
            throw .refusedImage("its metadata are damaged or more than a disk needs")
        }
        let widths = [Self.parameters: 8, Self.diskSize: 8, Self.logicalSector: 4]
        var found: [String: ImageWindow] = [:]
        for number in 0..<Int(table.little(10, 2)) {
            let entry = 32 + number * 32
            let (id, place, length) = (Self.id(table, entry), table.little(entry + 16, 4), table.little(entry + 20, 4))
            guard Self.others.contains(id) || widths[id].map(UInt64.init) == length, found[id] == nil,
                table.little(entry + 24, 4) & 1 == 0
            else { throw .refusedImage("its metadata have an item that is not allowed") }
            // Within the region, which has a mebibyte at least.
            guard place >= 1 << 16, length <= 16, place + length <= 1 << 20 else {
                throw .refusedImage("its metadata lie beyond their end")
            }
            found[id] = try await file.window(region + place, Int(length))
        }
        return found
    }

    private static func id(_ table: ImageWindow, _ place: Int) -> String { Hex.string(table.bytes[place..<place + 16]) }
}

/// The checksum of VHDX's structures (Castagnoli's polynomial).
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82f6_3b78 }
    }

    /// Whether the little-endian sum at `place` is the bytes' own.
    static func isSummed(_ part: ImageWindow, at place: Int) -> Bool {
        UInt64(sum(part, but: place)) == part.little(place, 4)
    }

    /// The sum of all bytes, the four at `place` taken as zeros.
    static func sum(_ part: ImageWindow, but place: Int) -> UInt32 {
        var sum = UInt32.max
        for (number, byte) in part.bytes.enumerated() {
            let byte = number >= place && number < place + 4 ? 0 : byte
            sum = sum >> 8 ^ table[Int((sum ^ UInt32(byte)) & 0xff)]
        }
        return ~sum
    }
}
