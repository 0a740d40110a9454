import CloudCore

/// Things that two projects have between them.
extension Stage {
    /// Whom an actor deals with: nobody that a walk takes for a stranger.
    private func partner(of actor: Actor) -> Actor { actor == .operator ? .member : .operator }

    /// What its maker is not the one to act on; nil for what an actor makes alone.
    func makeShared(_ kind: String, for actor: Actor) async throws(CloudError) -> String? {
        switch kind {
        case "partner": return projects[partner(of: actor)]!
        case "approval_request": return try await offer(to: actor, from: partner(of: actor)).approval
        case "granted_request": return try await grant(to: actor, from: partner(of: actor))
        case "operation":
            _ = try await make("tenant_connection_request", for: actor)
            let list = await send(actor, .get, "/provider-connectivity/v2.0/operations")
            guard let id = list.json["operations"]?[0]?["id"]?.string else {
                throw .fault("no operation is listed: \(list.text)")
            }
            return id
        default: return nil
        }
    }

    /// A request that opens a network, of its own or named, to somebody else's project.
    func offer(
        to other: Actor, from owner: Actor, network: String? = nil
    ) async throws(CloudError) -> (request: String, approval: String) {
        var offered = JSON.string(network ?? "")
        if network == nil { offered = try await fill("{subnet.network_id}", for: owner) }
        let answer = await send(
            owner, .post, "/provider-connectivity/v2.0/tenant_connection_requests",
            [
                "tenant_connection_request": [
                    "network_id": offered, "tenant_id_other": .string(projects[other]!),
                ]
            ])
        let made = answer.json["tenant_connection_request"]
        guard let id = made?["id"]?.string, let approval = made?["approval_request_id"]?.string else {
            throw .fault("no network can be offered: \(answer.text)")
        }
        try await settle()
        return (id, approval)
    }

    /// The same, approved.
    func grant(to other: Actor, from owner: Actor, network: String? = nil) async throws(CloudError) -> String {
        let offer = try await offer(to: other, from: owner, network: network)
        let answer = await send(
            other, .put, "/sss/v2/approval-requests/\(offer.approval)", ["status": "approved"])
        guard answer.status == 204 else { throw .fault("no network can be accepted: \(answer.text)") }
        try await settle()
        return offer.request
    }
}
