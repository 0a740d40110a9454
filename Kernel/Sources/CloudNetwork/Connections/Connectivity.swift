import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// Provider connectivity (ECL's `icc`): a tenant opens a network of its own to another tenant, whose devices are then
/// on it. The one asks, the other approves and connects, and either may end it.
struct Connectivity: Sendable {
    let devices: any Devices
    let region: String

    static let schemas = [
        Schema(ApprovalRequest.self),
        Schema(TenantConnectionRequest.self, labels: TenantConnectionRequest.Label.allCases.map(\.rawValue)),
        Schema(TenantConnection.self, labels: TenantConnection.Label.allCases.map(\.rawValue)), Schema(Operation.self),
    ]

    var routes: [Route] {
        TenantConnectionRequest.routes + TenantConnectionRequest.sightRoutes + connectionRoutes + Operation.routes
            + approvalRoutes
    }

    func enroll(in engine: Engine) {
        engine.enroll(TenantConnectionRequest.self, world: ())
        engine.enroll(TenantConnection.self, world: devices)
    }
}

extension Instant {
    /// `2026-11-23 02:53:42`, in UTC, as these APIs write times.
    var plainText: String { String(text().prefix(19)).replacing("T", with: " ") }
}
