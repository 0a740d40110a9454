import CloudCompute
import CloudCore
import CloudHost
import Glibc

/// Consoles: QEMU's VNC server gets one end of a socket pair over QMP, and we keep the other. There is no socket that
/// anyone could connect to, and none that a guest's process could put another in the place of.
extension QEMUHypervisor {
    public func screen(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> any Screen {
        try check(host, guest)
        return try await locks.run(guest) { () async throws(CloudError) in
            guard let running = try await connection(guest) else { throw .missing("Server", guest.text) }
            guard try await running.act.execute("query-status")["status"] != "shutdown" else {
                throw .conflict("it is powered off.")
            }
            // QEMU takes a client without such a server too, and then never says a word to it.
            guard try await running.act.execute("query-vnc-servers").array?.isEmpty == false else {
                throw .conflict("it was started before there were consoles, and has none until its next start.")
            }
            let (ours, theirs) = try UnixSocket.pair()
            defer { close(theirs) }
            do throws(CloudError) {
                try await running.act.execute("getfd", ["fdname": "screen"], with: theirs)
                try await running.act.execute(
                    "add_client", ["protocol": "vnc", "fdname": "screen", "skipauth": true])
            } catch {
                close(ours)
                throw error
            }
            return GuestScreen(stream: try await ByteStream.adopt(ours))
        }
    }
}

/// A guest's screen over a socket.
private struct GuestScreen: Screen {
    let stream: ByteStream

    func read() async throws(CloudError) -> [UInt8]? { try await stream.read() }
    func write(_ bytes: [UInt8]) async throws(CloudError) { try await stream.write(bytes) }
    func close() { stream.close() }
}
