import CloudCore
import CloudStore
import CloudWire

extension Image {
    static let face = Face<Image>(
        .image, "/v2/images", "", "images",
        [
            .id(), .field("name"), .field("visibility"), .field("status"), .emptyIsNull("disk_format"),
            .emptyIsNull("container_format"), .field("min_disk"), .field("min_ram"), .field("protected"),
            .pendingIsNull("size"), .pendingIsNull("virtual_size"), .emptyIsNull("checksum"),
            .emptyIsNull("os_hash_value"), .field("tags"), .owner("owner"), .created(), .updated(),
            .computed("os_hash_algo", "How os_hash_value is made.") { (it, _) in it.sha512.isEmpty ? .null : "sha512" },
            .computed("os_hidden", "Whether lists leave it out.") { (_, _) in false },
            .computed("self", "Its path.") { (it, _) in .string("/v2/images/\(it.id)") },
            .computed("file", "Its bytes' path.") { (it, _) in .string("/v2/images/\(it.id)/file") },
            .computed("schema", "Its schema's path.") { (_, _) in "/v2/schemas/image" },
        ])

    /// Names that an owner's property may not have: they are, or were, the image service's own.
    private static func isReserved(_ name: String) -> Bool {
        name.hasPrefix("os_glance")
            || ["locations", "direct_url", "deleted", "deleted_at", "properties", "members"].contains(name)
            || face.attributes.contains { $0.name == name }
    }

    /// An image as Glance shows it: its attributes and, beside them, the owner's own.
    static func write(
        _ it: Stored<Image>, _ reader: any Reader, into writer: inout JSONWriter, only: Set<String> = []
    ) throws(CloudError) {
        try face.write(it, reader, into: &writer, only: only)
        for (name, value) in it.properties.sorted(by: { $0.key < $1.key }) { writer.field(name, .string(value)) }
    }

    static func body(_ it: Stored<Image>, _ reader: any Reader) throws(CloudError) -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { (writer) throws(CloudError) in try write(it, reader, into: &writer) }
        return writer.bytes
    }

    /// Sets one name of an image: an attribute where there is one, else a property.
    static func set(_ name: String, _ value: JSON, on image: inout Image, right: Rights) throws(CloudError) {
        if let attribute = face.attributes.first(where: { $0.name == name }), attribute.rights.contains(right) {
            return try face.apply([name: value], to: &image, right: .update)
        }
        guard !isReserved(name) else {
            throw CloudError(.forbidden, "Attribute '\(name)' is reserved or read-only.", field: name)
        }
        guard let text = value.string, name.utf8.count <= 255, text.utf8.count <= 4096, image.properties.count < 128
        else {
            throw .invalid("The property '\(name.prefix(64))' must be a string of at most 4096 bytes.", field: name)
        }
        image.properties[name] = try String(json: .string(text))
    }
}

extension Attribute where R == Image {
    static func emptyIsNull(_ name: String) -> Self { nullable(name) { (_, value) in value == "" } }
    /// Sizes are not known before the bytes are here.
    static func pendingIsNull(_ name: String) -> Self { nullable(name) { (it, _) in it.status != .active } }

    private static func nullable(
        _ name: String, _ isNull: @escaping @Sendable (Stored<Image>, JSON) -> Bool
    ) -> Self {
        let plain = Attribute.field(name)
        let field = Image.fields.first { $0.name == name }!
        return Attribute(
            name, column: name, type: field.type, rights: field.rights, field.help,
            read: { (it, _) throws(CloudError) in
                let value = field.get(it.value)
                return isNull(it, value) ? .null : value
            }, write: { (image, json) throws(CloudError) in try plain.write?(&image, json.isNull ? "" : json) })
    }
}
