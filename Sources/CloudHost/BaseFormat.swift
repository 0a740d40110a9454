import CloudCore

/// What an image was declared as, and checked to be, when it came. QEMU is told; it never guesses.
public enum BaseFormat: String {
    case raw, qcow2, vmdk, vhd, vhdx

    /// - Throws: `fault` for a format that no image can have.
    public init(_ name: String) throws(CloudError) {
        guard let it = Self(rawValue: name) else { throw .fault("a disk's image cannot be '\(name)'") }
        self = it
    }

    /// QEMU's name.
    public var driver: String { self == .vhd ? "vpc" : rawValue }

    /// The image as a node that is only read, over the node `base-file`. Where a format can name a file beneath it,
    /// there is none. A VMDK's own extent is `base-file`, since it has a header; only text would have QEMU open names.
    public var node: JSON { node(over: "base-file") }

    /// The same over another node, which is given by its name or as a whole.
    public func node(over file: JSON) -> JSON {
        var node: [String: JSON] = [
            "driver": .string(driver), "node-name": "base", "read-only": true, "file": file,
        ]
        if self == .qcow2 || self == .vmdk { node["backing"] = .null }
        return .object(node)
    }
}
