import CloudCore

/// A VMDK's descriptor, taken only where every line of it is known: comments, a few names, and one extent that is the
/// file itself.
struct VMDKDescriptor {
    enum Kind: String { case monolithicSparse, streamOptimized }
    let type: Kind
    /// Of the one extent, each of 512 bytes.
    let sectors: UInt64

    private static let names: Set = ["version", "encoding", "CID", "parentCID", "isNativeSnapshot", "createType"]
    /// Words that mean something wherever they stand: QEMU takes the first it finds, in a comment too.
    private static let once = ["parentcid", "createtype"], never = ["parentfilenamehint", "changetrackpath"]

    init(_ area: [UInt8]) throws(CloudError) {
        // The text ends with a null. What a reader that takes more than the area would find behind it is no text.
        guard let end = area.firstIndex(of: 0), area[end...].allSatisfy({ $0 == 0 }) else {
            throw .refusedImage("its descriptor does not end")
        }
        let text = area[..<end]
        guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || [9, 10, 13].contains($0) }),
            text.starts(with: "# Disk DescriptorFile".utf8)
        else { throw .refusedImage("its descriptor is none") }
        let lowered = Self.plain(text).lowercased()
        guard Self.once.allSatisfy({ lowered.split(separator: $0, omittingEmptySubsequences: false).count == 2 }),
            !Self.never.contains(where: { lowered.contains($0) })
        else { throw .refusedImage("its descriptor names a parent, or its kind more than once") }
        var (values, extents): ([String: String], [String]) = ([:], [])
        for line in text.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            let line = Self.trimmed(Self.plain(line)[...])
            if line.isEmpty || line.hasPrefix("#") { continue }
            if ["rw", "rdonly", "noaccess"].contains(Self.words(line[...])[0].lowercased()) {
                extents.append(line)
                continue
            }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.trimmed(parts[0])
            guard parts.count == 2, name.hasPrefix("ddb.") || Self.names.contains(name),
                values.updateValue(Self.unquoted(parts[1]), forKey: name) == nil
            else { throw .refusedImage("its descriptor has a line that is not allowed") }
        }
        guard let type = Kind(rawValue: values["createType"] ?? "") else {
            throw .refusedImage("its kind is neither monolithicSparse nor streamOptimized")
        }
        guard values["parentCID"]?.lowercased() == "ffffffff" else { throw .refusedImage("it has a parent") }
        guard extents.count == 1 else { throw .refusedImage("it has \(extents.count) extents and not one") }
        (self.type, sectors) = (type, try Self.extent(extents[0]))
    }

    /// How many sectors the extent has: `RW 2048 SPARSE "name.vmdk"`. The name is not used, and still none that leads
    /// anywhere.
    private static func extent(_ line: String) throws(CloudError) -> UInt64 {
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].isEmpty, !parts[1].isEmpty, parts[1].utf8.count <= 255,
            !parts[1].utf8.contains(where: { "/\\:".utf8.contains($0) }), !parts[1].hasPrefix(".")
        else { throw .refusedImage("its extent is not the file itself") }
        let words = words(parts[0])
        guard words.count == 3, ["RW", "RDONLY"].contains(words[0]), words[2] == "SPARSE",
            let sectors = UInt64(words[1])
        else {
            throw .refusedImage("its extent is none of a sparse file's")
        }
        return sectors
    }

    /// Each byte as a character of its own: in UTF-8, a mark that combines would hide the word before it from us, and
    /// not from readers that compare bytes.
    private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func words(_ text: Substring) -> [Substring] {
        text.split(whereSeparator: { $0 == " " || $0 == "\t" })
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest.drop { $0 == " " || $0 == "\t" })
    }

    private static func unquoted(_ text: Substring) -> String {
        let value = trimmed(text)
        guard value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        return String(value.dropFirst().dropLast())
    }
}
