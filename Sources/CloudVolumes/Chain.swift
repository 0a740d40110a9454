import CloudCore
import CloudHost
import CloudStorage

/// A disk's layers as QEMU is told of them: every file, its format and what is beneath it by name. Nothing is probed,
/// and no name in a header counts.
struct Chain: Sendable {
    let size: Int
    /// The groups that may read its files.
    let groups: [Int]
    private(set) var keys: Keyring
    private var files: [(path: String, key: String)] = []

    /// Looks at each file; `missing` where there is none.
    init(_ disk: LayeredDisk, in pool: VolumePool, adding keys: Keyring = Keyring()) throws(CloudError) {
        self.keys = keys
        var groups: Set<Int> = []
        var size = 0
        for layer in disk.layers {
            let path = pool.path(layer.id)
            guard let info = Files.status(path) else { throw .missing("Layer", layer.id) }
            if info.st_gid != 0 { groups.insert(Int(info.st_gid)) }
            size = try LayerFile.size(path)
            files.append((path, try self.keys.add(layer.secret)))
        }
        (self.groups, self.size) = (groups.sorted(), size)
    }

    /// The name of a layer's node, counted from the oldest.
    static func name(_ place: Int) -> String { "layer-\(place)" }

    /// The newest layer's node, with the others beneath it.
    func node(readOnly: Bool) -> JSON {
        var node = JSON.null
        for (place, file) in files.enumerated() {
            let isWritten = place == files.count - 1 && !readOnly
            node = Qcow2.node(
                Self.name(place), file: file.path, secret: file.key, over: node, readOnly: !isWritten)
        }
        return node
    }

    /// The same as a file name for qemu-img.
    func argument(readOnly: Bool = true) -> String { "json:" + node(readOnly: readOnly).text }
}
