import CloudCore
import CloudStore
import CloudWire

/// Tags one by one, taking an image out of use and back, and what the service says of itself.
enum ImageActs {
    static let routes = [
        tag(.put, "tag", "Gives an image a tag.") { (image, tag) throws(CloudError) in
            if !image.tags.contains(tag) { image.tags.append(tag) }
        },
        tag(.delete, "untag", "Takes a tag from an image.") { (image, tag) throws(CloudError) in
            guard let place = image.tags.firstIndex(of: tag) else { throw .missing("Tag", tag) }
            image.tags.remove(at: place)
        },
        turn("deactivate", from: .active, to: .deactivated, "Takes an image out of use; its bytes stay."),
        turn("reactivate", from: .deactivated, to: .active, "Puts an image back into use."),
        Route(
            .get, .image, "/v2/info/import", action: "show", rule: .signedIn,
            "Ways to import: images are sent as bytes."
        ) {
            (_) throws(CloudError) in
            .json(200, ["import-methods": ["description": "Import methods available.", "type": "array", "value": []]])
        },
        Route(.get, .image, "/v2/info/stores", action: "show", rule: .signedIn, "Where images are kept.") {
            (_) throws(CloudError) in
            .json(200, ["stores": [["id": "local", "default": "true", "description": "This cloud's image store"]]])
        },
    ]

    private static func tag(
        _ method: Method, _ action: String, _ help: String,
        _ change: @escaping @Sendable (inout Image, String) throws(CloudError) -> Void
    ) -> Route {
        Route(
            method, .image, "/v2/images/{image_id}/tags/{tag}", action: action, kind: Image.kind, rule: .role(.member),
            status: 204, help
        ) { (call) throws(CloudError) in
            let (id, tag) = (ID<Image>(call.parameter("image_id")), try String(json: .string(call.parameter("tag"))))
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.reviseImage(id, for: call.caller) { (it) throws(CloudError) in try change(&it.value, tag)
                }
            }
            return Response(204)
        }
    }

    private static func turn(_ action: String, from old: Image.Status, to new: Image.Status, _ help: String) -> Route {
        Route(
            .post, .image, "/v2/images/{image_id}/actions/" + action, action: action, kind: Image.kind,
            rule: .role(.member),
            status: 204, help
        ) { (call) throws(CloudError) in
            let id = ID<Image>(call.parameter("image_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.reviseImage(id, for: call.caller) { (it) throws(CloudError) in
                    guard it.status == old || it.status == new else {
                        throw CloudError(.forbidden, "An image that is \(it.status.rawValue) cannot be \(action)d.")
                    }
                    it.status = new
                }
            }
            return Response(204)
        }
    }
}
