import CloudCore
import CloudStore

/// Disks of servers that become images.
extension Images {
    public func reserve(
        _ name: String, properties: [String: String], minDisk: Int, minRAM: Int, caller: Caller, dice: any Dice,
        in writer: any Writer
    ) throws(CloudError) -> String {
        var draft = Image()
        (draft.name, draft.diskFormat, draft.containerFormat) = (name, ImageFormat.qcow2.rawValue, "bare")
        (draft.minDisk, draft.minRAM) = (minDisk, minRAM)
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            try Image.set(name, .string(value), on: &draft, right: .create)
        }
        let it = try writer.create(draft, id: Image.newID(dice), project: caller.project ?? ID(""), for: caller)
        return it.id.text
    }

    public func deliver(
        _ id: String, _ bytes: any AsyncSequence<[UInt8], any Error> & Sendable, in store: any Store
    ) async throws(CloudError) {
        let image = ID<Image>(id)
        let it = try await store.read { (reader) throws(CloudError) in try reader.get(image) }
        if it.status == .active { return }
        guard it.deletingSince == nil else { throw .missing(Image.kind.title, id) }
        guard uploads.begin(image) else { throw .unavailable("image", "\(id) is being received already") }
        defer { uploads.end(image) }
        let received = try await files.receive(image, bytes, limit: limit)
        let size = try await files.judge(image, received, as: .qcow2)
        var caller = Caller.system("engine")
        caller.project = it.project
        let record = AuditRecord(caller, service: "image", action: "upload", kind: Image.kind.name, resource: id)
        try await store.write(record) { (writer) throws(CloudError) in
            var it = try writer.get(image)
            guard it.deletingSince == nil else { throw .missing(Image.kind.title, id) }
            (it.status, it.virtualSize) = (.active, size)
            (it.size, it.checksum, it.sha512) = (received.size, received.md5, received.sha512)
            try writer.update(&it)
        }
    }

    public func abandon(_ id: String, in writer: any Writer) throws(CloudError) {
        guard var it = try writer.find(ID<Image>(id)), it.deletingSince == nil, it.status != .active else { return }
        try writer.delete(&it)
    }
}
