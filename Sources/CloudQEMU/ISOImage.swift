import CloudCore

/// A small ISO 9660 file system with Rock Ridge names (Linux, BSD) and Joliet names (Windows): what a config drive is.
///
/// Written here, since starting a program for it takes longer than the control plane's whole part of a start.
struct ISOImage {
    /// A file or a directory.
    final class Node {
        let name: String
        var children: [Node] = []
        /// The content; nil for a directory.
        var bytes: [UInt8]?
        /// Where it begins and how long it is, for each face; a file has both in common.
        var place: [Face: (sector: Int, size: Int)] = [:]
        init(_ name: String, _ bytes: [UInt8]? = nil) { (self.name, self.bytes) = (name, bytes) }
    }

    /// The two trees of directories over the same files.
    enum Face: CaseIterable { case rockRidge, joliet }

    static let sector = 2048
    private let root = Node("")
    private let label: String

    /// - Throws: `fault` for a path that climbs, a name twice, or one longer than 64 UTF-16 units or 128 bytes.
    init(label: String, files: [String: [UInt8]]) throws(CloudError) {
        self.label = label
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            let names = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            var parent = root
            for (depth, name) in names.enumerated() {
                guard !name.isEmpty, name != ".", name != "..", name.utf16.count <= 64, name.utf8.count <= 128 else {
                    throw .fault("\(path) is no path for a config drive")
                }
                let isLast = depth == names.count - 1
                if let known = parent.children.first(where: { $0.name == name }) {
                    guard !isLast, known.bytes == nil else { throw .fault("\(path) stands in the way of another file") }
                    parent = known
                } else {
                    let child = Node(name, isLast ? bytes : nil)
                    parent.children.append(child)
                    parent = child
                }
            }
        }
        sort(root)
    }

    private func sort(_ node: Node) {
        node.children.sort { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
        node.children.forEach(sort)
    }

    /// The whole image.
    func bytes() -> [UInt8] {
        let directories = levels()
        // Sixteen sectors that a boot loader may use, three descriptors, and two path tables for each face.
        let tables = Face.allCases.map { ISORecord.pathTable(directories, $0, bigEndian: false).count }
        let tableSectors = tables.map(Self.sectors)
        var next = 19 + tableSectors.reduce(0) { $0 + 2 * $1 }
        for face in Face.allCases {
            for (node, parent, _) in directories {
                let size = Self.sectors(directory(node, parent: parent, face).count) * Self.sector
                node.place[face] = (next, size)
                next += size / Self.sector
            }
        }
        var content: [UInt8] = []
        for file in directories.flatMap({ $0.node.children }) {
            guard let bytes = file.bytes else { continue }
            for face in Face.allCases { file.place[face] = (next, bytes.count) }
            next += Self.sectors(bytes.count)
            content += Self.padded(bytes)
        }

        var out = [UInt8](repeating: 0, count: 16 * Self.sector)
        var table = 19
        for (face, (size, sectors)) in zip(Face.allCases, zip(tables, tableSectors)) {
            out += ISORecord.descriptor(
                face, label: label, sectors: next, root: root, tableSize: size, little: table, big: table + sectors)
            table += 2 * sectors
        }
        out += Self.padded([255] + Array("CD001".utf8) + [1])
        for face in Face.allCases {
            out += Self.padded(ISORecord.pathTable(directories, face, bigEndian: false))
            out += Self.padded(ISORecord.pathTable(directories, face, bigEndian: true))
        }
        for face in Face.allCases {
            for (node, parent, _) in directories { out += Self.padded(directory(node, parent: parent, face)) }
        }
        return out + content
    }

    /// Every directory, level by level, with its parent and its parent's number from 1: the order of path tables.
    private func levels() -> [(node: Node, parent: Node, number: Int)] {
        var found: [(node: Node, parent: Node, number: Int)] = [(root, root, 1)]
        var place = 0
        while place < found.count {
            for child in found[place].node.children where child.bytes == nil {
                found.append((child, found[place].node, place + 1))
            }
            place += 1
        }
        return found
    }

    /// A directory's records, none of which may cross the end of a sector.
    private func directory(_ node: Node, parent: Node, _ face: Face) -> [UInt8] {
        var out = ISORecord.entry(node, identifier: [0], face, extra: node === root ? .root : .own)
        out += ISORecord.entry(parent, identifier: [1], face, extra: .own)
        for (place, child) in node.children.enumerated() {
            let record = ISORecord.entry(
                child, identifier: ISORecord.identifier(child, place, face), face, extra: .named)
            let room = Self.sector - out.count % Self.sector
            if record.count > room { out += [UInt8](repeating: 0, count: room) }
            out += record
        }
        return out
    }

    static func sectors(_ bytes: Int) -> Int { (bytes + sector - 1) / sector }
    static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: sectors(bytes.count) * sector - bytes.count)
    }
}
