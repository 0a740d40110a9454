import CloudCore
import CloudStore
import CloudWire

extension Compute {
    /// A console as it is asked for from 2.6 on; `action` has the older form.
    var remoteConsole: Route {
        Route(
            .post, .compute, itemPath + "/remote-consoles", action: "issue-console", kind: Server.kind,
            rule: .role(.member), intake: .json(),
            "Gives an address that opens a running server's screen and keyboard in a browser, once, within five minutes.",
            example: ["remote_console": ["protocol": "vnc", "type": "novnc"]]
        ) { (call) throws(CloudError) in
            let wish = try call.object("remote_console")
            for name in wish.keys.sorted() where name != "protocol" && name != "type" {
                throw .invalid("Unrecognized attribute(s) '\(name.prefix(64))'.", field: name)
            }
            guard let family = wish["protocol"]?.string, let type = wish["type"]?.string else {
                throw .invalid("A remote console has a protocol and a type.", field: "protocol")
            }
            guard family == "vnc" else {
                throw .invalid("Unavailable console type \(type.prefix(64)).", field: "protocol")
            }
            let url = try await console(type, call)
            return .json(200, ["remote_console": ["protocol": "vnc", "type": "novnc", "url": .string(url)]])
        }
    }

    /// A console as ECL's client and older ones ask for it.
    func console(_ call: Call, _ argument: JSON) async throws(CloudError) -> Response {
        guard call.microversion < 6 else {
            throw CloudError(.missing, "From version 2.6 on a console is asked for at remote-consoles.")
        }
        guard let type = argument["type"]?.string else { throw .invalid("A console has a type.", field: "type") }
        let url = try await console(type, call)
        return .json(200, ["console": ["type": "novnc", "url": .string(url)]])
    }

    /// The address at which a console opens.
    private func console(_ type: String, _ call: Call) async throws(CloudError) -> String {
        guard type == "novnc" else {
            throw .invalid("Unavailable console type \(type.prefix(64)).", field: "type")
        }
        let id = ID<Server>(call.parameter("server_id"))
        let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id, for: call.caller) }
        guard case .at(let origin) = consoles else {
            if case .none(let why) = consoles { throw .invalid("Unavailable console type novnc: \(why)") }
            throw .fault("consoles are neither served nor not")
        }
        guard !it.host.isEmpty, it.deletingSince == nil else { throw .conflict("Instance \(id) is not ready.") }
        // What cannot be opened now is not promised.
        do throws(CloudError) { try await hypervisor.screen(of: id, on: HostName(it.host)).close() } catch {
            switch error.code {
            case .missing: throw .conflict("Instance \(id) is not ready: it is \(it.status.rawValue).")
            case .conflict: throw .conflict("Instance \(id) is not ready: \(error.message)")
            default: throw error
            }
        }
        // Behind the #, which a browser sends to nobody: neither a log nor a Referer header ever holds the token.
        return origin + "/console#token=" + (try await ConsoleToken.issue(for: it, call, standing))
    }
}
