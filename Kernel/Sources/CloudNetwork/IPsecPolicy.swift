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
    public static let access = Access.project
    public static let fields: [Field<IPsecPolicy>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .listed("encryption_algorithm", \.cipher, "cipher", "The cipher."),
        .listed("auth_algorithm", \.hash, "hash", "The hash."),
        .listed("pfs", \.group, "group", "The group for the exchange of keys."),
        .value("lifetime", \.lifetime, [.read, .create, .update], max: 256, "How long keys are used."),
    ]

    /// What a gateway is told of it.
    public var proposal: VPNProposal {
        VPNProposal(cipher: cipher, hash: hash, group: group, lifetime: lifetime.seconds)
    }
}

extension IPsecPolicy: Metered {
    public static let quota = 50

    public static func admitChange(
        of it: inout Stored<IPsecPolicy>, from old: Stored<IPsecPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.value.proposal != old.value.proposal else { return }
        try IPsecSiteConnection.refresh(where: "ipsecpolicy_id", it.id.text, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<IPsecPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try IPsecSiteConnection.refuseUsed(it, by: "ipsecpolicy_id", in: writer) }
}

extension IPsecPolicy {
    static let face = Face<IPsecPolicy>(
        .network, "/v2.0/vpn/ipsecpolicies", "ipsecpolicy", "ipsecpolicies",
        [
            .id(), .field("name"), .field("description"), .field("encryption_algorithm"), .field("auth_algorithm"),
            .field("pfs"), .field("lifetime"), .fixed("encapsulation_mode", "tunnel", "Whole packets are wrapped."),
            .fixed("transform_protocol", "esp", "What wraps them."),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["ipsecpolicy": ["name": "strong", "encryption_algorithm": "aes-256-gcm-16"]]),
        face.update(example: ["ipsecpolicy": ["auth_algorithm": "sha512"]]), face.delete(),
    ]
}
