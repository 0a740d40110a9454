/// The records of ISO 9660 (ECMA-119), with Rock Ridge (RRIP 1.09) and Joliet.
enum ISORecord {
    typealias Node = ISOImage.Node
    typealias Face = ISOImage.Face

    /// Which Rock Ridge fields an entry carries.
    enum Extra { case root, own, named }

    /// 2000-01-01, so that the same files give the same image.
    private static let date: [UInt8] = [100, 1, 1, 0, 0, 0, 0]

    static func entry(_ node: Node, identifier: [UInt8], _ face: Face, extra: Extra) -> [UInt8] {
        let place = node.place[face] ?? (0, 0)
        var out = [0, 0] + both(place.sector, 4) + both(place.size, 4) + date
        out += [node.bytes == nil ? 2 : 0, 0, 0] + both(1, 2) + [UInt8(identifier.count)] + identifier
        if identifier.count % 2 == 0 { out.append(0) }
        if face == .rockRidge { out += rockRidge(node, extra) }
        if out.count % 2 == 1 { out.append(0) }
        out[0] = UInt8(out.count)
        return out
    }

    /// What marks the extension (once, in the root), the file's mode and owner, and its real name.
    private static func rockRidge(_ node: Node, _ extra: Extra) -> [UInt8] {
        var out: [UInt8] = []
        if extra == .root { out += field("SP", [0xbe, 0xef, 0]) }
        let mode = node.bytes == nil ? 0o040555 : 0o100444
        out += field("PX", both(mode, 4) + both(node.bytes == nil ? 2 : 1, 4) + both(0, 4) + both(0, 4))
        if extra == .root { out += field("ER", [10, 0, 0, 1] + Array("RRIP_1991A".utf8)) }
        if extra == .named { out += field("NM", [0] + Array(node.name.utf8)) }
        return out
    }

    private static func field(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        Array(name.utf8) + [UInt8(4 + bytes.count), 1] + bytes
    }

    /// The name in the tree itself: a mere number where Rock Ridge has the real one, UTF-16 for Joliet.
    static func identifier(_ node: Node, _ place: Int, _ face: Face) -> [UInt8] {
        let isFile = node.bytes != nil
        switch face {
        case .rockRidge:
            let digits = String(place)
            return Array((String(repeating: "0", count: 8 - digits.count) + digits + (isFile ? ".;1" : "")).utf8)
        case .joliet: return wide(node.name + (isFile ? ";1" : ""))
        }
    }

    static func pathTable(
        _ directories: [(node: Node, parent: Node, number: Int)], _ face: Face, bigEndian: Bool
    ) -> [UInt8] {
        var out: [UInt8] = []
        for (node, parent, number) in directories {
            let place = parent.children.firstIndex { $0 === node }
            let name = place.map { identifier(node, $0, face) } ?? [0]
            let sector = node.place[face]?.sector ?? 0
            out += [UInt8(name.count), 0]
            out += bigEndian ? big(sector, 4) + big(number, 2) : little(sector, 4) + little(number, 2)
            out += name
            if name.count % 2 == 1 { out.append(0) }
        }
        return out
    }

    /// A volume descriptor: the primary one, or Joliet's supplementary one with its escape sequence.
    static func descriptor(
        _ face: Face, label: String, sectors: Int, root: Node, tableSize: Int, little first: Int, big second: Int
    ) -> [UInt8] {
        let isJoliet = face == .joliet
        func text(_ text: String, _ width: Int) -> [UInt8] {
            var out = isJoliet ? wide(text) : Array(text.utf8)
            while out.count < width { out += isJoliet && out.count + 1 < width ? [0, 0x20] : [isJoliet ? 0 : 0x20] }
            return Array(out.prefix(width))
        }
        var out: [UInt8] = [isJoliet ? 2 : 1] + Array("CD001".utf8) + [1, 0]
        out += text("", 32) + text(label, 32) + zeros(8) + both(sectors, 4)
        out += isJoliet ? [0x25, 0x2f, 0x45] + zeros(29) : zeros(32)
        out += both(1, 2) + both(1, 2) + both(ISOImage.sector, 2) + both(tableSize, 4)
        out += little(first, 4) + zeros(4) + big(second, 4) + zeros(4)
        // The root's record: it has room for 34 bytes here, so none for an extension.
        let place = root.place[face] ?? (0, 0)
        out += [34, 0] + both(place.sector, 4) + both(place.size, 4) + date + [2, 0, 0] + both(1, 2) + [1, 0]
        for _ in 0..<4 { out += text("", 128) }
        for _ in 0..<3 { out += text("", 37) }
        for _ in 0..<4 { out += Array("0000000000000000".utf8) + [0] }
        return ISOImage.padded(out + [1])
    }

    private static func wide(_ text: String) -> [UInt8] { text.utf16.flatMap { big(Int($0), 2) } }
    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    private static func little(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
    private static func big(_ number: Int, _ width: Int) -> [UInt8] { little(number, width).reversed() }
    private static func both(_ number: Int, _ width: Int) -> [UInt8] { little(number, width) + big(number, width) }
}
