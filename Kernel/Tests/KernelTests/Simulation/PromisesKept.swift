@testable import CloudCompute
import CloudCore
import CloudStore

extension SimulatedCloud {
    /// Nothing that was answered with 2xx is lost, whatever crashed since.
    func promisesKept(_ holdings: Holdings) async throws(CloudError) -> [String] {
        var names = holdings.ways.texts
        for it in holdings.networks { names[it.id.text] = it.value.name }
        for it in holdings.subnets { names[it.id.text] = it.value.name }
        for it in holdings.ports { names[it.id.text] = it.value.name }
        for it in holdings.shelves.volumes { names[it.id.text] = it.value.name }
        for it in holdings.shelves.snapshots { names[it.id.text] = it.value.name }
        for it in holdings.shelves.storages { names[it.id.text] = it.value.name }
        for it in holdings.images { names[it.id.text] = it.value.name }
        let servers = Dictionary(uniqueKeysWithValues: holdings.servers.map { ($0.id.text, $0) })
        for it in holdings.servers { names[it.id.text] = it.value.name }
        let images = Dictionary(uniqueKeysWithValues: holdings.images.map { ($0.id.text, $0) })
        var faults: [String] = []
        for (id, fact) in promises.facts.sorted(by: { $0.key < $1.key }) where !fact.isUnsure {
            if fact.isDeleted != (names[id] == nil) {
                faults.append(
                    "\(fact.kind) \(id) \(fact.isDeleted ? "was deleted and is there" : "was created and is gone")")
                continue
            }
            guard !fact.isDeleted else { continue }
            if let name = fact.name, name != names[id] { faults.append("the name of \(fact.kind) \(id) was lost") }
            if let power = fact.power, power != servers[id]?.power.rawValue {
                faults.append("power \(power) of server \(id) was lost")
            }
            if let server = servers[id], server.isHalted, server.power != .suspended, halts(id) <= fact.haltsBefore {
                faults.append("server \(id) was started by its owner and counts as halted by itself")
            }
            if fact.hasBytes, images[id]?.status != .active { faults.append("the bytes of image \(id) were lost") }
        }
        return faults
    }

    /// Every change has its record and every refusal too; the log has no gaps (white paper C120).
    func audit(_ holdings: Holdings) -> [String] {
        var faults: [String] = []
        if holdings.audit.map(\.sequence) != Array(1..<(holdings.audit.count + 1)) {
            faults.append("the audit log has gaps")
        }
        var byRequest: [String: [AuditRecord]] = [:]
        for record in holdings.audit { byRequest[record.caller.requestID, default: []].append(record) }
        for exchange in promises.exchanges {
            let records = byRequest[exchange.requestID] ?? []
            if (200..<300).contains(exchange.status) {
                if exchange.isMutation, !records.contains(where: { $0.outcome == .success }) {
                    faults.append("no record of \(exchange.status) \(exchange.line)")
                }
            } else if exchange.isMutation || [401, 403, 404].contains(exchange.status), !exchange.sawFailure,
                records.filter({ $0.outcome != .success }).count != 1
            {
                faults.append("\(records.count) records of refusal \(exchange.status) \(exchange.line)")
            }
        }
        return faults
    }
}
