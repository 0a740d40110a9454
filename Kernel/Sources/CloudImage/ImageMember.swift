import CloudCore
import CloudStore
import CloudWire

/// A project that an image is shared with, and what it says to that.
public struct ImageMember: Resource {
    public var image = ID<Image>(""), member = "", status = Status.pending

    public enum Status: String, CaseIterable, Sendable { case pending, accepted, rejected }

    public init() {}

    public static let kind = Kind("image_member", "image_members", service: "image")
    public static let access = Access.system
    public static let fields: [Field<ImageMember>] = [
        .reference("image_id", \.image, [.read, .indexed], "The image."),
        .text("member_id", \.member, [.read, .indexed], max: 64, "The project."),
        .choice("status", \.status, [.read], "Whether its lists show the image."),
    ]

    /// How many projects one image may be shared with.
    static let most = 128
}

extension Reader {
    /// A project's share of an image, if it has one.
    func share(of image: ID<Image>, with project: String) throws(CloudError) -> Stored<ImageMember>? {
        try list(
            ImageMember.self,
            Query(ImageMember.kind, limit: 1).with("image_id", .string(image.text)).with("member_id", .string(project))
        ).first
    }

    /// Whether a caller may know of an image.
    func sees(_ it: Stored<Image>, _ caller: Caller) throws(CloudError) -> Bool {
        if it.isVisible(to: caller) || it.visibility == .community { return true }
        guard it.visibility == .shared, let project = caller.project else { return false }
        return try share(of: it.id, with: project.text) != nil
    }

    /// The image if the caller may know of it; `missing` in the same words as for an id that is none.
    func image(_ id: ID<Image>, for caller: Caller) throws(CloudError) -> Stored<Image> {
        guard let it = try find(id), it.deletingSince == nil, try sees(it, caller) else {
            throw .missing(Image.kind.title, id.text)
        }
        return it
    }
}

extension Writer {
    /// The image if the caller may change it: `missing` where it is hidden, `forbidden` where it is another's.
    func ownImage(_ id: ID<Image>, for caller: Caller) throws(CloudError) -> Stored<Image> {
        let it = try image(id, for: caller)
        guard it.belongs(to: caller) else {
            throw CloudError(.forbidden, "Image \(id) belongs to another project.")
        }
        return it
    }

    func reviseImage(
        _ id: ID<Image>, for caller: Caller, _ body: (inout Stored<Image>) throws(CloudError) -> Void
    ) throws(CloudError) -> Stored<Image> {
        _ = try ownImage(id, for: caller)
        return try revise(id, for: caller, body)
    }
}
