import CloudCore
import CloudNetwork

extension OVNFabric {
    /// How long a daemon has to take up a number before it counts as dead, and how often it is looked at meanwhile.
    private static let trial = Duration.seconds(2), look = Duration.milliseconds(100)

    /// Raises the configuration's number and sees who takes it up: northd first, then each controller.
    public func agents() async throws(CloudError) -> [AgentSpec] {
        let asked = try await central.transact(
            .north,
            [
                Operation.mutate("NB_Global", [], "nb_cfg", "+=", 1), Operation.select("NB_Global", [], ["nb_cfg"]),
            ])
        guard let number = asked[1]["rows"]?[0]?["nb_cfg"]?.integer else { throw .fault("NB_Global is empty") }
        var all = try await seen(number)
        for _ in 0..<Int(Self.trial / Self.look) where !all.allSatisfy(\.isAlive) {
            do { try await Task.sleep(for: Self.look) } catch { break }
            all = try await seen(number)
        }
        return all
    }

    private func seen(_ number: Int) async throws(CloudError) -> [AgentSpec] {
        let north = try await central.transact(
            .north, [Operation.select("NB_Global", [], ["sb_cfg", "sb_cfg_timestamp"])], repeatable: true)
        let south = try await central.transact(
            .south, [Operation.select("Chassis_Private", [], ["name", "nb_cfg", "nb_cfg_timestamp"])], repeatable: true)
        func agent(_ role: AgentSpec.Role, _ host: HostName, _ row: JSON?, _ number_: String) -> AgentSpec {
            let moment = row?[number_ + "_timestamp"]?.integer ?? 0
            return AgentSpec(
                role, host: host, isAlive: row?[number_]?.integer ?? -1 >= number,
                seen: moment > 0 ? Instant(microseconds: Int64(moment) * 1000) : nil)
        }
        return [agent(.central, host, north[0]["rows"]?[0], "sb_cfg")]
            + (south[0]["rows"]?.array ?? []).map {
                agent(.controller, HostName($0["name"]?.string ?? ""), $0, "nb_cfg")
            }
    }
}
