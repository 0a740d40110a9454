import CloudCore
@testable import CloudWire
import Testing

@Suite("Finding a route")
struct RouterTests {
    private static func route(_ method: CloudWire.Method, _ path: String) -> Route {
        Route(method, .network, path, action: path, rule: .anyone, "") { (_) throws(CloudError) in Response(200) }
    }
    private let router = Router(
        [
            (.get, "/a/{id}"), (.get, "/a/list"), (.put, "/a/list"), (.get, "/{x}/list/deep"), (.post, "/a/{id}/act"),
            (.get, "/{y}"),
        ]
        .map { RouterTests.route($0, $1) })

    private func find(_ method: CloudWire.Method, _ path: String) -> String {
        switch router.match(method, "/network" + path) {
        case .found(let route, let parameters):
            route.path + parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        case .badMethod(let allowed): "not " + allowed.map(\.rawValue).joined(separator: ",")
        case .none: "none"
        }
    }

    @Test("a literal goes before a wildcard, and where it leads nowhere the wildcard is tried")
    func precedence() {
        #expect(find(.get, "/a/list") == "/a/list")
        #expect(find(.get, "/a/7") == "/a/{id} id=7")
        #expect(find(.get, "/a/list/deep") == "/{x}/list/deep x=a")
        #expect(find(.get, "/b") == "/{y} y=b")
        #expect(find(.get, "/a/") == "/{y} y=a")
    }

    @Test("the wrong method says which are right; HEAD is a GET; the rest is nowhere")
    func methods() {
        #expect(find(.delete, "/a/list") == "not GET,PUT")
        #expect(find(.head, "/a/7") == "/a/{id} id=7")
        #expect(find(.get, "/a/7/act") == "not POST")
        #expect(find(.get, "/a/7/none") == "none")
        #expect(find(.get, String(repeating: "/a", count: 40)) == "none")
    }

    @Test("parameters are decoded once, after the path is cut")
    func parameters() {
        #expect(find(.get, "/a/x%2Fy") == "/a/{id} id=x/y")
        #expect(find(.get, "/a/%252e") == "/a/{id} id=%2e")
        #expect(find(.get, "/a/%zz") == "none")
        #expect(find(.get, "/a/%ff") == "none")
    }

    @Test("percent-encoding is undone strictly, and done so that it can be")
    func percent() {
        #expect(percentDecoded("a%20b+c") == "a b+c" && percentDecoded("a+b", plusIsSpace: true) == "a b")
        for text in ["%", "%1", "%+1", "%-0", "%g0", "%c3"] { #expect(percentDecoded(text) == nil, "\(text)") }
        let odd = "a b/?&=#%+é😀~._-"
        #expect(percentDecoded(odd.percentEncoded) == odd && "a/b".percentEncoded == "a%2Fb")
    }
}
