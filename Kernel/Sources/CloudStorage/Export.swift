import CloudCore
import CloudStore

/// A volume as its virtual storage sees it in one turn.
///
/// It is written down as taken before it is served, and as out when it is served no more: whoever changes its files
/// waits for the latter.
struct Export: Sendable {
    let volume: Stored<Volume>
    /// Whether one of its snapshots is being made, restored or deleted, which needs its files for itself.
    let isChanging: Bool

    var isWanted: Bool { volume.deletingSince == nil && volume.service != .out && !isChanging }

    /// Whether it is to be taken: its file is there, and nobody changes it.
    private var isFree: Bool {
        volume.deletingSince == nil && volume.service == .out && volume.made > 0 && !isChanging
            && [.creating, .inUse].contains(volume.status)
    }

    /// Whether it goes and was never served, or is served no more.
    private var isGone: Bool { volume.deletingSince != nil && volume.service == .out }

    /// A virtual storage's volumes, those that are being deleted among them.
    static func query(_ storage: ID<VirtualStorage>) -> Query {
        var query = Query(Volume.kind, limit: .max).with("virtual_storage_id", .string(storage.text))
        query.includesDeleting = true
        return query
    }

    static func all(_ storage: ID<VirtualStorage>, in reader: any Reader) throws(CloudError) -> [Export] {
        var all: [Export] = []
        for volume in try reader.list(Volume.self, query(storage)) {
            var snapshots = Query(Snapshot.kind, limit: .max).with("volume_id", .string(volume.id.text))
            snapshots.includesDeleting = true
            let isChanging = try reader.list(Snapshot.self, snapshots).contains(where: \.isChanging)
            all.append(Export(volume: volume, isChanging: isChanging))
        }
        return all
    }

    /// Whether there are volumes that are to be taken, or let go.
    static func isMore(_ storage: ID<VirtualStorage>, in reader: any Reader) throws(CloudError) -> Bool {
        try all(storage, in: reader).contains { $0.isFree || $0.isGone }
    }

    /// Takes those that are to be, and lets go of those that nobody serves.
    static func gather(_ storage: ID<VirtualStorage>, in writer: any Writer) throws(CloudError) {
        let all = try all(storage, in: writer)
        try settle(all.filter(\.isGone), of: storage, in: writer)
        for export in all where export.isFree {
            var it = export.volume
            (it.service, it.status) = (.taken, .inUse)
            try writer.update(&it)
        }
    }

    /// Writes that those wanted are served as they were seen, and that the others are served no more.
    static func settle(_ seen: [Export], of storage: ID<VirtualStorage>, in writer: any Writer) throws(CloudError) {
        for export in seen {
            let was = export.volume
            guard var it = try writer.find(was.id), it.storage == storage else { continue }
            if was.deletingSince != nil {
                it.storage = nil
                try writer.update(&it)
                try writer.raise(.destroy, Reference(it.id))
            } else if export.isWanted {
                guard it.service == .taken, it.initiators == was.initiators else { continue }
                it.service = .served
                try writer.update(&it)
            } else if it.service != .out {
                it.service = .out
                try writer.update(&it)
            }
        }
    }
}

extension Stored where R == Snapshot {
    /// Whether its volume's files change with it.
    var isChanging: Bool { deletingSince != nil || value.status == .creating || value.status == .restoring }
}

extension Volume {
    /// Whether its files are to be had: a virtual storage that serves it lets go of them when somebody waits for that.
    var isToBeHad: Bool { status == .available || (storage != nil && status == .inUse) }

    /// Whether nobody has its files open on behalf of a virtual storage.
    var isUnserved: Bool { storage == nil || service == .out }
}
