import CloudCore
import Testing

@Suite("Signs that separate")
struct SeparatorTests {
    @Test("are found where a combining mark follows them, which makes one Character of both")
    func combined() {
        #expect(!"a,\u{301}b".contains(",") && "a,\u{301}b".holds(","))
        #expect("a/\u{338}b".holds("/") && "a\r\nb".holds("\n") && !"ab".holds(","))
    }

    @Test("and so are not let into a network's or a server's tags")
    func tags() async throws {
        let stage = try await Stage()
        let network = try await stage.make("network", for: .member)
        let server = try await stage.make("server", for: .member)
        let compute = "/compute/v2.1/\(stage.projects[.member]!)/servers/\(server)/tags"
        for tag in ["a,b", "a,\u{301}b"] {
            let headers = ["openstack-api-version": "compute latest"]
            #expect(
                await stage.send(.member, .put, "/network/v2.0/networks/\(network)/tags", ["tags": [.string(tag)]])
                    .status
                    == 400)
            #expect(await stage.send(.member, .put, compute, ["tags": [.string(tag)]], headers: headers).status == 400)
        }
    }

    @Test("and a number of servers that is no whole number is refused, not taken for one")
    func counts() async throws {
        let stage = try await Stage()
        let image = try await stage.make("image", for: .member)
        let flavor = try await stage.make("flavor", for: .member)
        let path = "/compute/v2.1/\(stage.projects[.member]!)/servers"
        for count in [.number(1.5), "two", .number(9.3e18), true, [1], 0, -1, 21] as [JSON] {
            let order: JSON = [
                "server": [
                    "name": "many", "imageRef": .string(image), "flavorRef": .string(flavor), "networks": "none",
                    "max_count": count,
                ]
            ]
            #expect(await stage.send(.member, .post, path, order).status == 400, "\(count)")
        }
    }
}
