import CloudCore

/// What a role is held on, and what a token is for.
enum Scope: Hashable, Sendable {
    case project(ID<Project>)
    case domain(ID<Domain>)
    /// The cloud as a whole.
    case system

    /// As tokens and ids of grants spell it: `p…`, `d…` or `s`.
    var text: String {
        switch self {
        case .project(let id): "p" + id.text
        case .domain(let id): "d" + id.text
        case .system: "s"
        }
    }

    init?(_ text: some StringProtocol) {
        switch text.first {
        case "p": self = .project(ID(String(text.dropFirst())))
        case "d": self = .domain(ID(String(text.dropFirst())))
        case "s" where text.utf8.count == 1: self = .system
        default: return nil
        }
    }
}

/// Who a role is granted to.
enum Grantee: Hashable, Sendable {
    case user(ID<User>)
    case group(ID<Group>)

    var text: String {
        switch self {
        case .user(let id): "u" + id.text
        case .group(let id): "g" + id.text
        }
    }
}
