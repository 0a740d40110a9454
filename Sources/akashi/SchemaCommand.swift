import ArgumentParser
import CloudSQLite
import CloudServices

struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the tables that follow from the resources' fields, for writing migrations.")

    func run() async throws { print(SchemaSQL.everything(Cloud.schemas)) }
}
