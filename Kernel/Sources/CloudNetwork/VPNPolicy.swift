import CloudCore
import CloudStore
import CloudWire

/// A proposal that connections share by name: Neutron's IKE and IPsec policies.
protocol VPNPolicy: Metered {
    var name: String { get set }
    var description: String { get set }
    var cipher: VPNCipher { get set }
    var hash: VPNHash { get set }
    var group: VPNGroup { get set }
    var lifetime: VPNLifetime { get set }
    /// The column by which connections name it.
    static var column: String { get }
}

extension Field where R: VPNPolicy {
    static var policy: [Field<R>] {
        [
            .text("name", \.name, [.read, .create, .update], "A name for people."),
            .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
            .listed("encryption_algorithm", \.cipher, "cipher", "The cipher."),
            .listed("auth_algorithm", \.hash, "hash", "The hash."),
            .listed("pfs", \.group, "group", "The group for the exchange of keys."),
            .value("lifetime", \.lifetime, [.read, .create, .update], max: 256, "How long keys are used."),
        ]
    }
}

extension VPNPolicy {
    public static var access: Access { .project }
    public static var quota: Int { 50 }

    /// What a gateway is told of it.
    var proposal: VPNProposal {
        VPNProposal(cipher: cipher, hash: hash, group: group, lifetime: lifetime.seconds)
    }

    public static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.value.proposal != old.value.proposal else { return }
        try IPsecSiteConnection.refresh(where: column, it.id.text, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try IPsecSiteConnection.refuseUsed(it, by: column, in: writer) }

    /// - Parameter fixed: what has one value here.
    static func face(_ path: String, _ singular: String, _ plural: String, _ fixed: [Attribute<Self>]) -> Face<Self> {
        Face(
            .network, path, singular, plural,
            [
                .id(), .field("name"), .field("description"), .field("encryption_algorithm"),
                .field("auth_algorithm"), .field("pfs"), .field("lifetime"),
            ] + fixed + [.owner("tenant_id"), .owner("project_id"), .created(), .updated()])
    }
}
