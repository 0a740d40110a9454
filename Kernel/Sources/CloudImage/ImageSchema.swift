import CloudCore
import CloudStore
import CloudWire

/// The schema documents that Glance's clients fetch before they show an image.
enum ImageSchema {
    static let routes = [
        Route(.get, .image, "/v2/schemas/image", action: "show", rule: .signedIn, "The shape of an image.") {
            (_) throws(CloudError) in .json(200, image)
        },
        Route(.get, .image, "/v2/schemas/images", action: "show", rule: .signedIn, "The shape of a list of images.") {
            (_) throws(CloudError) in
            .json(
                200,
                [
                    "name": "images",
                    "properties": [
                        "images": ["type": "array", "items": image], "first": ["type": "string"],
                        "next": ["type": "string"], "schema": ["type": "string"],
                    ],
                ])
        },
        Route(.get, .image, "/v2/schemas/member", action: "show", rule: .signedIn, "The shape of a member.") {
            (_) throws(CloudError) in .json(200, member)
        },
        Route(.get, .image, "/v2/schemas/members", action: "show", rule: .signedIn, "The shape of a list of members.") {
            (_) throws(CloudError) in
            .json(
                200,
                [
                    "name": "members",
                    "properties": ["members": ["type": "array", "items": member], "schema": ["type": "string"]],
                ])
        },
    ]

    private static let member: JSON = [
        "name": "member",
        "properties": [
            "member_id": ["type": "string", "description": "The project."],
            "image_id": ["type": "string", "description": "The image."],
            "status": ["type": "string", "enum": ["pending", "accepted", "rejected"], "description": "Its answer."],
            "created_at": ["type": "string"], "updated_at": ["type": "string"], "schema": ["type": "string"],
        ],
    ]

    private static let choices = [
        "disk_format": ImageFormat.allCases.map(\.rawValue), "container_format": ["bare"],
    ]

    static let image: JSON = {
        var properties: [String: JSON] = [:]
        for property in Image.face.properties {
            var type: JSON = ["null", "string"]
            switch property.type {
            case .integer: type = ["null", "integer"]
            case .boolean: type = "boolean"
            case .json: type = "array"
            default: if property.name == "os_hidden" { type = "boolean" }
            }
            var entry: [String: JSON] = ["type": type, "description": .string(property.help)]
            if property.name == "tags" { entry["items"] = ["type": "string", "maxLength": 255] }
            if let choices = choices[property.name] { entry["enum"] = .array([.null] + choices.map { .string($0) }) }
            if !property.rights.contains(.update) { entry["readOnly"] = true }
            properties[property.name] = .object(entry)
        }
        return ["name": "image", "properties": .object(properties), "additionalProperties": ["type": "string"]]
    }()
}
