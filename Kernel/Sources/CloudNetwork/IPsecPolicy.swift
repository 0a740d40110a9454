import CloudCore
import CloudStore
import CloudWire

/// How the packets in a tunnel are kept secret (Neutron's IPsec policy).
public struct IPsecPolicy: Resource {
    public var name = "", description = ""
    public var cipher = VPNCipher.aes256, hash = VPNHash.sha256, group = VPNGroup.group14
    public var lifetime = VPNLifetime()

    public init() {}

    public static let kind = Kind("ipsec_policy", "ipsec_policies", service: "network")
    public static let fields: [Field<IPsecPolicy>] = Field.policy
}

extension IPsecPolicy: VPNPolicy {
    static let column = "ipsecpolicy_id"

    static let face = face(
        "/v2.0/vpn/ipsecpolicies", "ipsecpolicy", "ipsecpolicies",
        [
            .fixed("encapsulation_mode", "tunnel", "Whole packets are wrapped."),
            .fixed("transform_protocol", "esp", "What wraps them."),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["ipsecpolicy": ["name": "strong", "encryption_algorithm": "aes-256-gcm-16"]]),
        face.update(example: ["ipsecpolicy": ["auth_algorithm": "sha512"]]), face.delete(),
    ]
}
