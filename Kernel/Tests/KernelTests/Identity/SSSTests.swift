import CloudCore
@testable import CloudWire
import Testing

@Suite("Users, tenants and workspaces in ECL's words")
struct SSSTests {
    /// A cloud, and what its operator or someone else asks of the service.
    private struct Desk {
        let office: Office

        init() async throws { office = try await Office() }

        func send(_ method: CloudWire.Method, _ path: String, _ body: JSON? = nil, as token: String? = nil) async
            -> Office.Answer
        {
            await office.send(method, path, body, as: token, under: "/sss/v2")
        }

        func user(_ name: String) async -> Office.Answer {
            await send(
                .post, "/users",
                ["login_id": .string(name), "mail_address": .string(name + "@example.com"), "notify_password": false])
        }

        func workspace(_ name: String) async -> String {
            await send(.post, "/workspaces", ["workspace_name": .string(name)])["workspace_id"].string ?? ""
        }
    }

    @Test("a user is Keystone's user: made, listed, shown, changed and gone in both")
    func user() async throws {
        let desk = try await Desk()
        let made = await desk.user("hana")
        let (id, password) = (made["user_id"].string ?? "", made["password"].string ?? "")
        #expect(made.status == 201 && made["login_id"] == "hana" && made["mail_address"] == "hana@example.com")
        #expect(await desk.office.send(.get, "/users/\(id)")["user", "email"] == "hana@example.com")
        #expect(await desk.office.logIn("hana", password).status == 201)
        let shown = await desk.send(.get, "/users/\(id)")
        #expect(shown["password"] == .null && shown["super_user"] == false && shown["keystone_name"] == "hana")
        #expect(shown["start_time"].string?.count == 19 && shown["start_time"].string?.contains("T") == false)
        let list = await desk.send(.get, "/users")["users"].array ?? []
        #expect(list.first { $0["login_id"] == "root" }?["super_user"] == true)
        #expect(list.contains { $0["user_id"]?.string == id })
        let changes: JSON = ["login_id": "mio", "mail_address": "mio@example.com", "new_password": "battery staple"]
        let changed = await desk.send(.put, "/users/\(id)", changes)
        #expect(changed.status == 204 && changed.json == .null)
        #expect(await desk.office.logIn("mio", "battery staple").status == 201)
        #expect(await desk.office.logIn("mio", password).status == 401)
        #expect(await desk.send(.delete, "/users/\(id)").status == 204)
        #expect(await desk.send(.get, "/users/\(id)").status == 404)
        #expect(await desk.office.send(.get, "/users/\(id)").status == 404)
    }

    @Test("a user's rules are Keystone's: names once, good passwords, nothing unknown, no mail that is never sent")
    func refused() async throws {
        let desk = try await Desk()
        #expect(await desk.user("hana").status == 201)
        #expect(await desk.user("hana").status == 409)
        let good: [String: JSON] = ["login_id": "mio", "mail_address": "m@example.com", "password": "correct horse"]
        for (name, value): (String, JSON) in [
            ("password", "short"), ("notify_password", true), ("notify_password", "true"), ("domain_id", "default"),
            ("extra", 1), ("login_id", ""), ("login_id", nil),
        ] {
            #expect(
                await desk.send(.post, "/users", .object(good.merging([name: value]) { $1 })).status == 400, "\(name)")
        }
        for name in ["login_id", "mail_address"] {
            #expect(await desk.send(.post, "/users", .object(good.filter { $0.key != name })).status == 400)
        }
        #expect(await desk.send(.post, "/users", .object(good)).status == 201)
    }

    @Test("a tenant is a project in a workspace's domain, of its name and in this region, once")
    func tenant() async throws {
        let desk = try await Desk()
        let workspace = await desk.workspace("shop")
        let body: JSON = ["workspace_id": .string(workspace), "region": "sim1"]
        let made = await desk.send(.post, "/tenants", body)
        let id = made["tenant_id"].string ?? ""
        #expect(made.status == 201 && made["tenant_name"] == "shop" && made["region"] == "sim1")
        let project = await desk.office.send(.get, "/projects/\(id)")
        #expect(project["project", "domain_id"].string == workspace)
        #expect(await desk.send(.get, "/tenants/\(id)")["workspace_id"].string == workspace)
        #expect(await desk.send(.get, "/workspaces/\(workspace)")["regions"][0]?["tenant_id"]?.string == id)
        #expect(await desk.send(.post, "/tenants", body).status == 409)
        for (workspace, region, status) in [("none", "sim1", 404), (workspace, "elsewhere", 400)] {
            let body: JSON = ["workspace_id": .string(workspace), "region": .string(region)]
            #expect(await desk.send(.post, "/tenants", body).status == status)
        }
    }

    @Test("a role on a workspace is a member's on each of its tenants, now and later, and on no other")
    func roles() async throws {
        let desk = try await Desk()
        let made = await desk.user("hana")
        let (user, password) = (made["user_id"].string ?? "", made["password"].string ?? "")
        let workspace = await desk.workspace("shop")
        let role: JSON = ["user_id": .string(user), "workspace_id": .string(workspace)]
        #expect(await desk.send(.post, "/workspace-roles", role)["workspace_name"] == "shop")
        let tenant = await desk.send(.post, "/tenants", ["workspace_id": .string(workspace), "region": "sim1"])
        let token = await desk.office.logIn("hana", password, scope: onProject(tenant["tenant_id"].string ?? "")).token
        let mine = await desk.send(.get, "/tenants", as: token)["tenants"]
        #expect(mine.array?.count == 1 && mine[0]?["tenant_id"] == tenant["tenant_id"])
        let other = await desk.office.make("projects", "project", ["name": "other"])
        #expect(await desk.send(.get, "/tenants/\(other)", as: token).status == 404)
        #expect(await desk.send(.get, "/users/\(user)", as: token).status == 200)
        #expect(await desk.send(.get, "/users", as: token).status == 403)
        let spaces = await desk.send(.get, "/workspaces", as: token)["workspaces"].array ?? []
        #expect(Set(spaces.compactMap { $0["workspace_id"]?.string }) == [workspace, "default"])
        for space in spaces {
            let isShop = space["workspace_id"]?.string == workspace
            #expect(space["regions"]?.array?.count == (isShop ? 1 : 0), "\(space)")
        }
        let hidden = await desk.workspace("hidden")
        #expect(await desk.send(.get, "/workspaces/\(workspace)", as: token).status == 200)
        #expect(await desk.send(.get, "/workspaces/\(hidden)", as: token).status == 404)
        let place = "/workspace-roles/workspaces/\(workspace)/users/\(user)"
        #expect(await desk.send(.delete, place).status == 204)
        #expect(await desk.send(.delete, place).status == 404)
        #expect(await desk.send(.get, "/tenants", as: token).status == 401)
    }

    @Test("a workspace is changed in its description, and goes when nothing is in it any more")
    func workspace() async throws {
        let desk = try await Desk()
        let id = await desk.workspace("shop")
        #expect(await desk.send(.put, "/workspaces/\(id)", ["description": "sold"]).status == 204)
        #expect(await desk.send(.put, "/workspaces/\(id)", ["workspace_name": "x"]).status == 400)
        let listed = await desk.send(.get, "/workspaces?workspace_name=shop")["workspaces"]
        #expect(listed.array?.count == 1 && listed[0]?["description"] == "sold")
        let tenant = await desk.send(.post, "/tenants", ["workspace_id": .string(id), "region": "sim1"])
        #expect(await desk.send(.delete, "/workspaces/\(id)").status == 409)
        #expect(await desk.office.send(.get, "/domains/\(id)")["domain", "enabled"] == true)
        #expect(await desk.office.send(.delete, "/projects/\(tenant["tenant_id"].string ?? "")").status == 204)
        #expect(await desk.send(.delete, "/workspaces/\(id)").status == 204)
        #expect(await desk.office.send(.get, "/domains/\(id)").status == 404)
        #expect(await desk.send(.delete, "/workspaces/default").status == 409)
    }
}
