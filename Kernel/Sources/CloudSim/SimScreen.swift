import CloudCompute
import CloudCore
import Synchronization

/// A screen that greets as RFC 6143 has it and sends back what it gets, until it is closed.
public final class SimScreen: Screen {
    private struct State {
        var waiting = Array("RFB 003.008\n".utf8)
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var isClosed = false
    }
    private let state = Mutex(State())

    public init() {}

    public func read() async throws(CloudError) -> [UInt8]? {
        await withCheckedContinuation { reader in
            let ready: [UInt8]?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                guard state.waiting.isEmpty else {
                    defer { state.waiting = [] }
                    return state.waiting
                }
                state.reader = reader
                return nil
            }
            if let ready { reader.resume(returning: ready) }
        }
    }

    public func write(_ bytes: [UInt8]) async throws(CloudError) {
        let reader = try state.withLock { (state) -> Result<CheckedContinuation<[UInt8]?, Never>?, CloudError> in
            guard !state.isClosed else { return .failure(.unavailable("screen", "it was closed")) }
            defer { state.reader = nil }
            if state.reader == nil { state.waiting += bytes }
            return .success(state.reader)
        }.get()
        reader?.resume(returning: bytes)
    }

    public func close() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            state.isClosed = true
            return state.reader
        }
        reader?.resume(returning: nil)
    }
}
