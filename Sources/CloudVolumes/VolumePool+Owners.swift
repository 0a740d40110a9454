import CloudCore
import CloudHost
import CloudStorage
import Glibc

/// Whose the files are.
extension VolumePool {
    /// Lets a guest's user open a disk's layers, given from the oldest on: it may read each and write the last.
    public func give(_ layers: [String], to user: Int) throws(CloudError) {
        for layer in layers {
            try Layer.check(layer)
            try own(layer, user: layer == layers.last ? user : 0, group: user)
        }
    }

    /// Lets no guest open these layers any more. Layers that are gone are passed over.
    public func takeBack(_ layers: [String]) throws(CloudError) {
        for layer in layers {
            try Layer.check(layer)
            if Files.status(path(layer)) != nil { try own(layer, user: 0, group: group) }
        }
    }

    func own(_ layer: String, user: Int, group: Int) throws(CloudError) {
        guard lchown(path(layer), uid_t(user), gid_t(group)) == 0 else {
            if errno == ENOENT { throw .missing("Layer", layer) }
            throw Files.failure("chown", path(layer))
        }
        // The owner of before may have set it to something else.
        try Files.setMode(path(layer), LayerFile.mode)
    }

    /// Runs `body` while a layer's file belongs to this user.
    func lend<T: Sendable>(
        _ layer: String, to user: Int, _ body: () async throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        guard let info = Files.status(path(layer)) else { throw .missing("Layer", layer) }
        try own(layer, user: user, group: Int(info.st_gid))
        defer { try? own(layer, user: Int(info.st_uid), group: Int(info.st_gid)) }
        return try await body()
    }
}
