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
    public static let access = Access.project
    public static let fields: [Field<IKEPolicy>] = [
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

extension IKEPolicy: Metered {
    public static let quota = 50

    public static func admitChange(
        of it: inout Stored<IKEPolicy>, from old: Stored<IKEPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.value.proposal != old.value.proposal else { return }
        try IPsecSiteConnection.refresh(where: "ikepolicy_id", it.id.text, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<IKEPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try IPsecSiteConnection.refuseUsed(it, by: "ikepolicy_id", in: writer) }
}

extension IKEPolicy {
    static let face = Face<IKEPolicy>(
        .network, "/v2.0/vpn/ikepolicies", "ikepolicy", "ikepolicies",
        [
            .id(), .field("name"), .field("description"), .field("encryption_algorithm"), .field("auth_algorithm"),
            .field("pfs"), .field("lifetime"), .fixed("ike_version", "v2", "The version of the key exchange."),
            .fixed("phase1_negotiation_mode", "main", "It has no meaning in version 2."),
            .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
        ])

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["ikepolicy": ["name": "strong", "encryption_algorithm": "aes-256-gcm-16"]]),
        face.update(example: ["ikepolicy": ["pfs": "group20"]]), face.delete(),
    ]
}
