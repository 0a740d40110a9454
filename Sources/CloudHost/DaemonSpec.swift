import CloudCore

/// A long-lived program that the host keeps running.
public struct DaemonSpec: Sendable {
    /// Names its handle and log files: letters, digits, `-`.
    public var name: String
    /// The program and its arguments; it must stay in the foreground.
    public var argv: [String]
    /// The whole environment, beside `Spawn.plainEnvironment`.
    public var environment: [String: String]
    /// The network namespace it runs in; nil for the host's own.
    public var namespace: NetworkNamespace?
    /// Whether it does its work yet; asked every 10 ms after a start, so it must answer soon.
    public var isReady: @Sendable () async -> Bool
    /// How long a start may take.
    public var patience: Duration

    /// Describes a daemon; starts none.
    public init(
        name: String, argv: [String], environment: [String: String] = [:], namespace: NetworkNamespace? = nil,
        patience: Duration = .seconds(15), isReady: @escaping @Sendable () async -> Bool = { true }
    ) {
        (self.name, self.argv, self.environment, self.namespace) = (name, argv, environment, namespace)
        (self.patience, self.isReady) = (patience, isReady)
    }
}
