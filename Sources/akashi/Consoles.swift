import CloudCompute
import CloudCore
import CloudHTTP
import CloudHost
import CloudLocal
import Glibc
import Logging

/// The consoles of a control plane: served from a port of their own, or not, and why.
struct Consoles: Sendable {
    let server: ConsoleServer?
    let access: ConsoleAccess

    /// Listens, so that it is known whether consoles are offered before anyone can ask for one. What is missing costs
    /// the consoles and nothing else, unless the operator asked for them by port.
    static func listen(
        _ options: Up, publicName: String, authority: Authority?, logger: Logger
    ) async throws(CloudError) -> Consoles {
        let port = options.consolePort ?? (options.port < 65_535 ? options.port + 1 : 0)
        guard port != 0 else { return Consoles(server: nil, access: .none(why: "they are turned off here.")) }
        guard let directory = try NoVNC.find() else {
            return try without("noVNC is not on the host: \(NoVNC.advice).", options)
        }
        let scheme = authority == nil ? "http" : "https"
        // As a browser writes it: without the port that the scheme has anyway.
        let suffix = (scheme, port) == ("https", 443) || (scheme, port) == ("http", 80) ? "" : ":\(port)"
        let origin = "\(scheme)://\(publicName.lowercased())\(suffix)"
        let modules = try NoVNC.modules(directory)
        do {
            let server = try await ConsoleServer.listen(
                address: options.listen, port: port, origin: origin,
                identity: authority.map { HTTPServer.Identity(certificate: $0.certificate, key: $0.key) },
                noVNC: modules, logger: logger)
            return Consoles(server: server, access: .at(origin: origin))
        } catch { return try without("port \(port) cannot be listened on: \(error).", options) }
    }

    private static func without(_ why: String, _ options: Up) throws(CloudError) -> Consoles {
        if options.consolePort != nil { throw .conflict("Consoles cannot be served: \(why)") }
        return Consoles(server: nil, access: .none(why: why))
    }

    /// For people.
    var summary: String {
        switch access {
        case .at(let origin): origin
        case .none(let why): "not served: \(why)"
        }
    }
}

/// noVNC as Debian packages it: modules that browsers load.
enum NoVNC {
    static let advice = "run deps/fetch-novnc, or apt-get install novnc"

    /// The package's directory, or what `deps/fetch-novnc` unpacked; nil where there is neither.
    static func find() throws(CloudError) -> String? {
        let cache = getenv("AKASHI_CACHE").map { String(cString: $0) } ?? "/var/cache/akashi"
        let fetched = (Files.exists(cache) ? try Files.names(in: cache) : []).filter { $0.hasPrefix("novnc-") }.sorted()
        return (["/usr/share/novnc"] + fetched.reversed().map { cache + "/" + $0 }).first {
            Files.exists($0 + "/core/rfb.js")
        }
    }

    /// Its modules by their paths below the directory.
    static func modules(_ directory: String) throws(CloudError) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for part in ["core", "vendor"] { try collect(directory, part, depth: 0, into: &found) }
        return found
    }

    private static func collect(
        _ directory: String, _ path: String, depth: Int, into found: inout [String: [UInt8]]
    ) throws(CloudError) {
        for name in try Files.names(in: directory + "/" + path) {
            let inner = path + "/" + name
            guard let info = Files.status(directory + "/" + inner), depth < 5, found.count < 500 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                try collect(directory, inner, depth: depth + 1, into: &found)
            } else if name.hasSuffix(".js") {
                found[inner] = try Files.read(directory + "/" + inner)
            }
        }
    }
}
