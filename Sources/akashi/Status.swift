import ArgumentParser
import CloudCore
import CloudHost

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tells whether the cloud runs, and where.")

    @OptionGroup var location: StateOption

    func run() async throws {
        guard Files.exists(location.state) else {
            throw ValidationError("There is no installation in \(location.state).")
        }
        try await explained {
            let installation = Installation(dirs: try InstanceDirs(state: location.state))
            guard let control = ProcessHandle.load(installation.process), control.isAlive else {
                print("Akashi does not run in \(installation.dirs.state).")
                throw ExitCode(3)
            }
            print("Akashi runs in \(installation.dirs.state) (pid \(control.pid)).")
            print(String(decoding: try Files.read(installation.ready) ?? [], as: UTF8.self), terminator: "")
        }
    }
}
