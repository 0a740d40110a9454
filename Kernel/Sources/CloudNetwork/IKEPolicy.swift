import CloudCore
import CloudStore
import CloudWire

/// How two gateways prove themselves to each other and keep their talk secret (Neutron's IKE policy).
public struct IKEPolicy: Resource {
    public var name = "", description = ""
    public var cipher = VPNCipher.aes256, hash = VPNHash.sha256, group = VPNGroup.group14
    public var lifetime = VPNLifetime()

    public init() {}

    public static let kind = Kind("ike_policy", "ike_policies", service: "network")
    public static let fields: [Field<IKEPolicy>] = Field.policy
}

extension IKEPolicy: VPNPolicy {
    static let column = "ikepolicy_id"

    static let face = face(
        "/v2.0/vpn/ikepolicies", "ikepolicy", "ikepolicies",
        [
            .fixed("ike_version", "v2", "The version of the key exchange."),
            .fixed("phase1_negotiation_mode", "main", "It has no meaning in version 2."),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["ikepolicy": ["name": "strong", "encryption_algorithm": "aes-256-gcm-16"]]),
        face.update(example: ["ikepolicy": ["pfs": "group20"]]), face.delete(),
    ]
}
