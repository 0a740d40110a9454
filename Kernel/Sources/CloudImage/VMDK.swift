import CloudCore

/// VMDK as one file with its descriptor within (VMware, Virtual Disk Format 5.0): monolithicSparse and
/// streamOptimized. Every other kind is a list of names of further files.
struct VMDK {
    let file: ImageBytes

    /// A sparse extent's flags: its line ends can be told, it has a second directory, it knows zeroed grains; its
    /// grains are compressed, and marked.
    private static let known: UInt64 = 0x30007, redundant: UInt64 = 2, compressed: UInt64 = 0x30000
    /// A directory's place where it is only known at the file's end.
    private static let atEnd = UInt64.max
    /// The descriptor's place. It stands nowhere else in practice, and QEMU looks nowhere else for a parent.
    private static let descriptorSector: UInt64 = 1

    func virtualSize() async throws(CloudError) -> Int {
        let header = try await file.window(0, 512)
        guard header.starts(with: "KDMV") else { throw .refusedImage("it is declared vmdk and is none") }
        guard file.length % 512 == 0 else { throw .refusedImage("its end is not where a sector ends") }
        guard (1...3).contains(header.little(4, 4)) else { throw .refusedImage("its version is not known") }
        let flags = header.little(8, 4)
        guard flags & ~Self.known == 0, header.bytes[72] == 0 else {
            throw .refusedImage("it was not closed, or uses features that are not allowed")
        }
        guard flags & 1 == 0 || header.bytes[73..<77].elementsEqual([0x0a, 0x20, 0x0d, 0x0a]) else {
            throw .refusedImage("its line ends were changed on the way")
        }
        // A capacity of none would have QEMU take the extents that the descriptor names.
        let capacity = header.little(12, 8)
        guard capacity > 0, capacity <= UInt64(ImageFormat.largest / 512) else {
            throw .refusedImage("its disk is empty or larger than 2 TiB")
        }
        let descriptor = try await descriptor(header)
        guard descriptor.sectors == capacity else { throw .refusedImage("its extent is not as large as its disk") }
        let isCompressed = flags & Self.compressed == Self.compressed && header.little(77, 2) == 1
        let isPlain = flags & Self.compressed == 0 && header.little(77, 2) == 0
        guard descriptor.type == .streamOptimized ? isCompressed : isPlain else {
            throw .refusedImage("its header says another kind than its descriptor")
        }
        var directory = header
        if header.little(56, 8) == Self.atEnd, isCompressed { directory = try await footer(like: header) }
        try checkTables(directory, capacity)
        return Int(capacity) * 512
    }

    private func descriptor(_ header: ImageWindow) async throws(CloudError) -> VMDKDescriptor {
        let size = header.little(36, 8)
        guard header.little(28, 8) == Self.descriptorSector, (1..<128).contains(size) else {
            throw .refusedImage("its descriptor is not at its beginning, or too long")
        }
        return try VMDKDescriptor(try await file.window(512, Int(size) * 512).bytes)
    }

    /// The last three sectors of a stream: a mark, the header again with its directory's place, and the end's mark.
    /// QEMU believes this header instead of the first one, so nothing else in it may differ.
    private func footer(like header: ImageWindow) async throws(CloudError) -> ImageWindow {
        guard file.length >= 2048 else { throw .refusedImage("it has no footer") }
        let end = try await file.window(UInt64(file.length - 1536), 1536)
        let footer = ImageWindow(bytes: Array(end.bytes[512..<1024]))
        let isMarked =
            end.little(8, 4) == 0 && end.little(12, 4) == 3 && end.little(1024, 8) == 0 && end.little(1032, 4) == 0
            && end.little(1036, 4) == 0
        let same = [0..<48, 64..<79].allSatisfy { header.bytes[$0] == footer.bytes[$0] }
        guard isMarked, same, footer.little(56, 8) != Self.atEnd else {
            throw .refusedImage("its footer is missing, or is not as its header")
        }
        return footer
    }

    private func checkTables(_ header: ImageWindow, _ capacity: UInt64) throws(CloudError) {
        let (grain, entries) = (header.little(20, 8), header.little(44, 4))
        guard (8...2048).contains(grain), grain & (grain - 1) == 0, entries == 512 else {
            throw .refusedImage("its grains are out of range")
        }
        let tables = (capacity + grain * entries - 1) / (grain * entries)
        var places = [header.little(56, 8)]
        if header.little(8, 4) & Self.redundant != 0, places[0] != header.little(48, 8) {
            places.append(header.little(48, 8))
        }
        for place in places {
            // A stream has a second directory's flag and none.
            if place == 0, place != places[0] { continue }
            guard place > 1, place <= UInt64(file.length) / 512, file.holds(place * 512, tables * 4) else {
                throw .refusedImage("its tables lie beyond its end")
            }
        }
        guard header.little(64, 8) <= UInt64(file.length) / 512 else {
            throw .refusedImage("its grains lie beyond its end")
        }
    }
}
