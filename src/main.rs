fn main() -> std::process::ExitCode {
    qviz::cli::main()
}
