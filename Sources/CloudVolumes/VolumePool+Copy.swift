import CloudCore
import CloudHost
import CloudStorage
import Glibc

/// Layers that begin with something in them.
extension VolumePool {
    /// Writes what the source holds into the new, empty layer.
    func fill(
        _ place: Workplace, _ layer: Layer, _ size: Gibibytes, from source: DiskSource
    ) async throws(CloudError) {
        var keys = Keyring()
        let key = try keys.add(layer.secret)
        switch source {
        case .image(let path, let format):
            // No group: what a stranger wrote is read by a tool that could open no layer.
            let node = try await image(place, path, format)
            let tool = Tool(place: place)
            let report = try await tool.run(
                ["qemu-img", "info", "--output=json", node], input: [], timeout: .seconds(60))
            guard let bytes = try? JSON.parse(report)["virtual-size"]?.integer else {
                throw .fault("qemu-img does not know an image's size")
            }
            try fits(bytes, size)
            try await copy(node, keys, tool, as: key, size)
        case .disk(let disk):
            let chain = try Chain(disk, in: self, adding: keys)
            try fits(max(chain.size, disk.size.bytes), size)
            try await copy(chain.argument(), chain.keys, Tool(place: place, groups: chain.groups), as: key, size)
        }
    }

    private func fits(_ bytes: Int, _ size: Gibibytes) throws(CloudError) {
        guard bytes <= size.bytes else {
            throw .invalid("The disk is smaller than what it is made from.", field: "size")
        }
    }

    private func copy(
        _ node: String, _ keys: Keyring, _ tool: Tool, as key: String, _ size: Gibibytes
    ) async throws(CloudError) {
        let file = tool.place.layer.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
        let target = "driver=qcow2,encrypt.format=luks,encrypt.key-secret=\(key),file.driver=file,file.filename=\(file)"
        // The target is zeroes as it is; `-W` lets its blocks be encrypted by several threads.
        try await tool.run(
            ["qemu-img", "convert"] + keys.options + [
                "-n", "--target-is-zero", "-W", "--target-image-opts", node, target,
            ],
            input: keys.input, timeout: Tool.deadline(size))
    }

    /// A second name of the image, where the tool gets at it, as a node of the format that was declared.
    private func image(_ place: Workplace, _ path: String, _ format: String) async throws(CloudError) -> String {
        let format = try BaseFormat(format)
        guard path.hasPrefix("/"), let info = Files.status(path), info.st_mode & S_IFMT == S_IFREG else {
            throw .missing("Image", "of a disk")
        }
        try await Files.share(path, as: place.image)
        try Self.refuseNames(place.image, format)
        return "json:" + format.node(over: ["driver": "file", "filename": .string(place.image)]).text
    }

    /// Images were checked when they came. This is the second line: a qcow2 that keeps its data in a file it names, and
    /// a VMDK that is text, are what would have QEMU open other files.
    private static func refuseNames(_ path: String, _ format: BaseFormat) throws(CloudError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", path) }
        defer { close(file) }
        var head = [UInt8](repeating: 0, count: 80)
        _ = pread(file, &head, head.count, 0)
        let isBad =
            switch format {
            case .qcow2: head[7] >= 3 && head[79] & 4 != 0
            case .vmdk: !head.starts(with: Array("KDMV".utf8)) && !head.starts(with: Array("COWD".utf8))
            case .raw, .vhd, .vhdx: false
            }
        if isBad { throw .invalid("The image names other files.") }
    }
}
