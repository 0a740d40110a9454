import CloudCore
import CloudSim
@testable import CloudWire
import Testing

@Suite("ATTACKS 12: an application credential is never more than what it was made of")
struct ApplicationCredentialTests {
    private struct Made {
        var id = "", secret = "", path = ""
    }

    private func make(_ office: Office, _ user: String, _ token: String, _ more: [String: JSON] = [:]) async -> Made {
        var body: [String: JSON] = ["name": "backup"]
        body.merge(more) { _, new in new }
        let path = "/users/\(user)/application_credentials"
        let answer = await office.send(.post, path, ["application_credential": .object(body)], as: token)
        #expect(answer.status == 201, "\(answer.json.text)")
        let it = answer["application_credential"]
        return Made(id: it["id"]?.string ?? "", secret: it["secret"]?.string ?? "", path: path)
    }

    private func enter(_ office: Office, _ made: Made, _ scope: JSON? = nil) async -> Office.Answer {
        await office.enter(
            [
                "methods": ["application_credential"],
                "application_credential": [
                    "id": .string(made.id), "secret": .string(made.secret),
                ],
            ], scope)
    }

    @Test("it opens its project, with its roles; the secret is shown once and kept as a hash")
    func whole() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let made = await make(
            office, user, token, ["roles": [["name": "reader"]], "expires_at": "2026-06-01T12:00:00.123456"])
        let shown = await office.send(.get, made.path + "/" + made.id, as: token)["application_credential"]
        #expect(
            shown["secret"] == nil && shown["expires_at"] == "2026-06-01T12:00:00.123456"
                && shown["project_id"]?.string == project)
        let rows = try await office.world.store.read { (reader) throws(CloudError) in
            try reader.rows(.everything(Kind("application_credential", "application_credentials", service: "identity")))
        }
        #expect(rows.count == 1 && rows.allSatisfy { !$0.values.contains(.string(made.secret)) })
        let entered = await enter(office, made)
        #expect(entered.status == 201 && entered["token", "project", "id"].string == project)
        #expect(entered["token", "roles"].array?.compactMap { $0["name"]?.string } == ["reader"])
        let named = await office.enter(
            [
                "methods": ["application_credential"],
                "application_credential": [
                    "name": "backup", "secret": .string(made.secret),
                    "user": ["name": "hana", "domain": ["name": "Default"]],
                ],
            ])
        #expect(named.status == 201)
    }

    @Test("its token goes to no other project, and no other user reads or deletes it")
    func escape() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let other = await office.make("projects", "project", ["name": "other"])
        _ = await office.send(.put, "/projects/\(other)/users/\(user)/roles/admin")
        _ = await office.member("mio")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let made = await make(office, user, token, ["unrestricted": true])
        #expect(await enter(office, made, onProject(other)).status == 401)
        let entered = await enter(office, made).token
        #expect(await office.rescope(entered, onProject(other)).status == 401)
        let again = await office.rescope(entered, nil)
        #expect(again["token", "project", "id"].string == project)
        let stranger = await office.logIn("mio", "correct horse").token
        for method in [CloudWire.Method.get, .delete] {
            let mine = await office.send(method, made.path + "/" + made.id, as: stranger)
            let none = await office.send(method, made.path + "/none", as: stranger)
            #expect(mine.status == 404 && mine.json == none.json)
        }
        let body: JSON = ["application_credential": ["name": "mine"]]
        #expect(await office.send(.post, made.path, body, as: stranger).status == 404)
        #expect(await office.send(.post, made.path, body).status == 404, "an operator makes none for others")
        #expect(await office.send(.delete, made.path + "/" + made.id, as: token).status == 204)
        #expect(!(await office.works(entered)))
        #expect(!(await office.works(again.token)))
    }

    @Test("a restricted one makes and deletes none, by no token that comes of it")
    func restricted() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let made = await make(office, user, token)
        let entered = await enter(office, made).token
        let chained = await office.rescope(entered, onProject(project)).token
        for poor in [entered, chained] {
            #expect(
                await office.send(.post, made.path, ["application_credential": ["name": "more"]], as: poor).status
                    == 403)
            #expect(await office.send(.delete, made.path + "/" + made.id, as: poor).status == 403)
        }
        for path in ["/credentials", "/ec2tokens", "/s3tokens", "/OS-TRUST/trusts"] {
            #expect(
                await office.send(.post, path, ["credential": ["type": "ec2"]], as: entered).status == 404, "\(path)")
        }
    }

    @Test("it asks for no role that its maker lacks, and loses what its maker loses")
    func roles() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let path = "/users/\(user)/application_credentials"
        for wanted in [["id": "admin"], ["name": "admin"], ["id": "none"], [:]] as [JSON] {
            let body: JSON = ["application_credential": ["name": "up", "roles": [wanted]]]
            #expect(await office.send(.post, path, body, as: token).status == 400)
        }
        let made = await make(office, user, token)
        _ = await office.send(.put, "/projects/\(project)/users/\(user)/roles/admin")
        let entered = await enter(office, made)
        #expect(entered["token", "roles"].array?.compactMap { $0["name"]?.string }.sorted() == ["member", "reader"])
        for role in ["admin", "member"] {
            _ = await office.send(.delete, "/projects/\(project)/users/\(user)/roles/\(role)")
        }
        #expect(!(await office.works(entered.token)))
        #expect(await enter(office, made).status == 401)
    }

    @Test("it ends at its time, its tokens with it; a time that has passed is none")
    func expiry() async throws {
        let office = try await Office()
        let (user, project) = await office.member("hana")
        let token = await office.logIn("hana", "correct horse", scope: onProject(project)).token
        let path = "/users/\(user)/application_credentials"
        for wrong in ["2020-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "soon", "2026-01-01"] {
            let body: JSON = ["application_credential": ["name": "up", "expires_at": .string(wrong)]]
            #expect(await office.send(.post, path, body, as: token).status == 400, "\(wrong)")
        }
        let made = await make(office, user, token, ["expires_at": "2026-01-01T00:10:00Z"])
        let entered = await enter(office, made)
        #expect(entered["token", "expires_at"] == "2026-01-01T00:10:00.000000Z")
        office.world.clock.advance(.seconds(601))
        #expect(!(await office.works(entered.token)))
        #expect(await enter(office, made).status == 401)
    }
}
