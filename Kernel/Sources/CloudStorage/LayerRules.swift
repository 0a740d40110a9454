import CloudCore

/// What every pool looks at before an id becomes a file's name or a secret a tool's input.
extension LayeredDisk {
    /// The most layers that a disk may have.
    public static let maxLayers = 64
    /// The largest disk, in GiB.
    public static let maxSize = 65_536

    /// The layer that is written.
    ///
    /// - Throws: `invalid` where this is no disk.
    public func newest() throws(CloudError) -> Layer {
        guard (1...Self.maxLayers).contains(layers.count), let newest = layers.last else {
            throw .invalid("A disk has 1 to \(Self.maxLayers) layers.")
        }
        guard (1...Self.maxSize).contains(size.count) else {
            throw .invalid("A disk has 1 to \(Self.maxSize) GiB.", field: "size")
        }
        guard Set(layers.map(\.id)).count == layers.count else {
            throw .invalid("A layer stands twice in a disk.")
        }
        for layer in layers {
            try Layer.check(layer.id)
            guard layer.secret.utf8.count == 64, layer.secret.utf8.allSatisfy(Layer.isHex) else {
                throw .invalid("A layer's secret is 64 hexadecimal digits.")
            }
        }
        return newest
    }

    /// The newest layer, as `newest`, and what the disk may begin as.
    public func newest(from source: DiskSource?) throws(CloudError) -> Layer {
        let newest = try newest()
        guard source == nil || layers.count == 1 else {
            throw .invalid("A disk that begins as another's content has nothing beneath it.")
        }
        if case .disk(let other) = source {
            _ = try other.newest()
            guard other.size <= size else {
                throw .invalid("The disk is smaller than what it is made from.", field: "size")
            }
            guard !other.layers.contains(where: { $0.id == newest.id }) else {
                throw .invalid("A disk cannot be made from itself.")
            }
        }
        return newest
    }

    /// The place in `layers` of the layer above this one.
    ///
    /// - Throws: `invalid` where there is none.
    public func above(_ layer: String) throws(CloudError) -> Int {
        guard let place = layers.firstIndex(where: { $0.id == layer }), place + 1 < layers.count else {
            throw .invalid("The disk has no such layer below another.")
        }
        return place + 1
    }
}

extension Layer {
    /// Whether a text is an id that a layer can have.
    public static func isID(_ text: String) -> Bool {
        text.utf8.count == 36 && text.utf8.allSatisfy { $0 == 0x2d || isHex($0) }
    }

    /// - Throws: `invalid` where it is none.
    public static func check(_ id: String) throws(CloudError) {
        guard isID(id) else { throw .invalid("A layer's id is a UUID in lower case.") }
    }

    static func isHex(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}
