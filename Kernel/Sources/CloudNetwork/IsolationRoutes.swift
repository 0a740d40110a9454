import CloudCore
import CloudStore
import CloudWire

/// The isolation probe's runs: all for operators, and for a tenant what concerns its own networks.
enum IsolationRoutes {
    static let all: [Route] = [list, show, create]
    private static let path = "/v1/isolation-probes"

    private static let list = Route(
        .get, .akashi, path, action: "list", kind: IsolationProbe.kind, rule: .role(.reader),
        "Lists runs of the isolation probe, the newest first (limit, 1 to 48, says how many): all of them for an operator, for others those that looked at their networks."
    ) { (call) throws(CloudError) in
        guard let limit = Int(call.request[query: "limit"] ?? "10"), (1...IsolationProbe.kept).contains(limit) else {
            throw .invalid("limit is 1 to \(IsolationProbe.kept).", field: "limit")
        }
        let caller = call.caller
        let found = try await call.store.read { (reader) throws(CloudError) -> [JSON] in
            var query = Query(IsolationProbe.kind, limit: IsolationProbe.kept + 1)
            query.order = [Query.Order("created_at", ascending: false)]
            var out: [JSON] = []
            for probe in try reader.list(IsolationProbe.self, query) where out.count < limit {
                let pairs = caller.isOperator ? [] : try pairs(of: probe.id, for: caller, in: reader)
                guard caller.isOperator || !pairs.isEmpty else { continue }
                out.append(.object(summary(probe, pairs, caller, now: reader.now)))
            }
            return out
        }
        return .json(200, ["isolation_probes": .array(found)])
    }

    private static let show = Route(
        .get, .akashi, path + "/{isolation_probe_id}", action: "show", kind: IsolationProbe.kind, rule: .role(.reader),
        "Shows one run of the isolation probe with its pairs of networks: an operator sees all, others those of their own networks."
    ) { (call) throws(CloudError) in
        let (caller, id) = (call.caller, ID<IsolationProbe>(call.parameter("isolation_probe_id")))
        let body = try await call.store.read { (reader) throws(CloudError) -> JSON in
            let probe = try reader.get(id, for: caller)
            let pairs = try pairs(of: id, for: caller, in: reader)
            var out = summary(probe, pairs, caller, now: reader.now)
            out["pairs"] = .array(pairs.map { json($0.value, caller) })
            return ["isolation_probe": .object(out)]
        }
        return .json(200, body)
    }

    private static let create = Route(
        .post, .akashi, path, action: "create", kind: IsolationProbe.kind, rule: .operator, intake: .json(),
        status: 202, "Starts a run of the isolation probe: of the networks named, or of those probed longest ago.",
        example: ["isolation_probe": ["networks": []]]
    ) { (call) throws(CloudError) in
        var draft = IsolationProbe()
        for (name, value) in try call.object("isolation_probe").sorted(by: { $0.key < $1.key }) {
            guard name == "networks" else { throw .invalid("Unrecognized attribute(s) '\(name)'.", field: name) }
            draft.wanted = try [String](json: value)
            guard draft.wanted.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
                throw .invalid("networks are ids.", field: name)
            }
        }
        let (value, id, caller) = (draft, IsolationProbe.newID(call.dice), call.caller)
        return .json(
            202,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.create(value, id: id, project: ID(""), for: caller)
                return ["isolation_probe": .object(summary(it, [], caller, now: writer.now))]
            })
    }

    /// The pairs of a run that a caller may know of, in the order in which they were written.
    private static func pairs(
        of probe: ID<IsolationProbe>, for caller: Caller, in reader: any Reader
    ) throws(CloudError) -> [Stored<IsolationPair>] {
        var query = Query(IsolationPair.kind, limit: 1000).with("probe", .string(probe.text))
        if !caller.isOperator {
            guard let own = caller.project, !own.text.isEmpty else { return [] }
            query.either = ["from_project", "to_project"].map { Query.Condition($0, among: [.string(own.text)]) }
        }
        return try reader.list(IsolationPair.self, query).sorted {
            ($0.from, $0.to) < ($1.from, $1.to)
        }
    }

    /// - Parameter pairs: what the caller may know of; an operator is told of all by the run itself.
    private static func summary(
        _ it: Stored<IsolationProbe>, _ pairs: [Stored<IsolationPair>], _ caller: Caller, now: Instant
    ) -> [String: JSON] {
        var out: [String: JSON] = [
            "id": .string(it.id.text), "status": .string(it.status.rawValue),
            "started_at": .string(it.createdAt.text()),
            "finished_at": it.finishedAt.map { .string($0.text()) } ?? .null,
            "age_seconds": it.finishedAt.map { .integer(Int((now - $0).components.seconds)) } ?? .null,
        ]
        let (crossed, untried, count, verdict): (Int, Int, Int, IsolationProbe.Verdict)
        if caller.isOperator {
            (crossed, untried, count, verdict) = (it.crossed, it.untried, it.pairs, it.verdict)
            out["networks"] = .array(it.networks.map(JSON.string))
            out["cause"] = .string(it.cause)
        } else {
            crossed = pairs.count { $0.verdict == .crossed }
            untried = pairs.count { $0.verdict == .untried }
            count = pairs.count
            verdict = crossed > 0 ? .crossed : untried > 0 || pairs.isEmpty ? .untried : .blocked
        }
        out["verdict"] = it.status == .done ? .string(verdict.rawValue) : .null
        (out["pairs_total"], out["pairs_crossed"]) = (.integer(count), .integer(crossed))
        out["pairs_not_tried"] = .integer(untried)
        return out
    }

    /// A tenant learns that another's network was tried, and not which or whose.
    private static func json(_ pair: IsolationPair, _ caller: Caller) -> JSON {
        func shown(_ text: String, of project: String) -> JSON {
            caller.isOperator || project == caller.project?.text ? .string(text) : .null
        }
        return [
            "from_network": shown(pair.from, of: pair.fromProject), "to_network": shown(pair.to, of: pair.toProject),
            "from_project": shown(pair.fromProject, of: pair.fromProject),
            "to_project": shown(pair.toProject, of: pair.toProject), "verdict": .string(pair.verdict.rawValue),
            "why": caller.isOperator ? .string(pair.why) : "",
            "attempts": .array(pair.attempts.map(\.json)),
        ]
    }
}
