#include "platform/command/command_options.h"

#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {
namespace {

CLI::App* add_run(CLI::App& app, arguments& a, option_words& s) {
  CLI::App* run = app.add_subcommand("run", "Run a network on a chip, or a program of your own");
  run->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  run->footer(
      "\nExamples:\n"
      "  ohmic run configs/resnet18_aimc512.yaml --out out/resnet18\n"
      "  ohmic run configs/resnet18_aimc512.yaml --set cluster.cores=8 --images my/photographs\n"
      "  ohmic run build/release/firmware/hello.elf --chip configs/aimc4.yaml");
  run->add_option("FILE", a.file, "Experiment (.yaml) or RISC-V program (.elf)")->required();
  run->add_option("--set", a.sets, "KEY=VALUE of experiment or chip by its dotted path; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--chip", a.chip, "Chip (.yaml); a program needs one, an experiment has its own")->type_name("FILE");
  run->add_option("--threads", s.threads, "Threads, the main one included (default: as many as the process may use)")
      ->type_name("N");
  run->add_option("--cores", a.cores,
                  "Model of the cores (iss, rtl, lockstep, ibex), or of some: CLUSTERS.CORES=MODEL; may be repeated")
      ->type_name("[CLUSTERS.CORES=]MODEL")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--hand-over", a.hand_overs,
                  "Some cores go on as another model from a moment on: marker:N, cycle:N, pc:ADDRESS or symbol:NAME "
                  "(:K behind these two: the K-th time); may be repeated")
      ->type_name("CLUSTERS.CORES=MODEL@MOMENT")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--lockstep-mismatches", s.lockstep_mismatches,
                  "Cores in lock-step go on after a mismatch until a cluster has had so many (default: 1)")
      ->type_name("N");
  run->add_option("--max-cycles", s.max_cycles, "Stop in this cycle with exit code 6")->type_name("CYCLE");
  run->add_option("--trap-limit", s.trap_limit,
                  "Exceptions in a row without progress that end the run with exit code 4 (default: 10000; 0: none)")
      ->type_name("N");
  run->add_option("--window", s.window, "Cycles between exchanges (default: the exact window)")->type_name("CYCLES");
  run->add_option(
         "--trace", a.traces,
         "Write the instructions of some cores, as CLUSTERS.CORES, with symbols, one file each; may be repeated")
      ->type_name("CLUSTERS.CORES")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--trace-from", s.trace_from, "First cycle of the traces (default: 0)")->type_name("CYCLE");
  run->add_option("--trace-to", s.trace_to, "Last cycle of the traces (default: the end)")->type_name("CYCLE");
  run->add_option("--trace-pc", a.trace_pcs,
                  "Of the traces only what stands in this function, or from one address to another; may be repeated")
      ->type_name("FUNCTION|FIRST-LAST")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--trace-bursts", a.burst_trace, "Write the bursts of the network with their cycles, as CSV")
      ->type_name("FILE");
  run->add_option(
         "--wave", a.waves,
         "Record the waveforms of some cores of model rtl, lockstep or ibex, as CLUSTERS.CORES, one FST file each;\n"
         "may be repeated")
      ->type_name("CLUSTERS.CORES")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--wave-from", s.wave_from, "First cycle of the waveforms (default: 0)")->type_name("CYCLE");
  run->add_option("--wave-to", s.wave_to, "Last cycle of the waveforms (default: the end)")->type_name("CYCLE");
  run->add_option("--fill-memory", s.fill_memory,
                  "What L1 and HBM hold before anything is loaded: zero, random, or random:SEED")
      ->type_name("WITH");
  run->add_option(
         "--crossbar", a.crossbars,
         "Program: weights of some clusters' crossbars, a signed byte per cell, row by row, or a NumPy file; may "
         "be repeated")
      ->type_name("CLUSTERS=FILE")
      ->take_all()
      ->allow_extra_args(false);
  run->add_flag("--dump", a.dump, "Print every cluster's state if the run fails");
  run->add_flag("--quiet", a.quiet, "No progress and no table");
  run->add_option("--model", s.model, "Experiment: a model by name, or an ONNX file")->type_name("NAME|FILE");
  run->add_option("--images", a.images, "Experiment: folder of photographs")->type_name("DIR");
  run->add_option("--images-count", s.images_count, "Experiment: how many images (48: steady throughput too)")
      ->type_name("N");
  run->add_option("--calibration", s.calibration,
                  "Experiment: folder of photographs that calibrate a network of yours; not those that run")
      ->type_name("DIR");
  run->add_option("--out", a.out,
                  "Folder of the results: traces, waveforms, an experiment's summary.json and logits.json")
      ->type_name("PATH");
  run->add_option("--check", s.check, "Experiment: compare only outputs, or every tensor on every edge (layers)")
      ->check(CLI::IsMember({"outputs", "layers"}));
  run->add_option("--energy", a.energy, "Report energy and area by these coefficients (configs/energy)")
      ->type_name("FILE");
  run->add_option("--json", a.json, "Program: write the run's figures to this file")->type_name("FILE");
  run->add_option("--inject", a.faults,
                  "Experiment: a deliberate fault to test the checks: drop-write=N, flip-weight=N, wrong-constant=N, "
                  "stuck-column=N (of phase-change memory)")
      ->type_name("FAULT=N")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--firmware", a.firmware,
                  "Program of the clusters with cores of this model (ibex=FILE; default: ibex/NAME.elf beside the "
                  "program); without a model, experiment: another executor than dataflow.elf; may be repeated")
      ->type_name("[MODEL=]FILE")
      ->take_all()
      ->allow_extra_args(false);
  return run;
}

CLI::App* add_calibrate(CLI::App& app, arguments& a, option_words& s) {
  CLI::App* calibrate = app.add_subcommand("calibrate", "Add row sets and ADC scales to a quantised ONNX network");
  calibrate->add_option("MODEL", a.file, "Quantised (QDQ) ONNX network")->required();
  calibrate->add_option("--images", a.images, "Folder of calibration images")->type_name("DIR")->required();
  calibrate->add_option("--out", a.out, "Calibrated ONNX file to write")->type_name("PATH")->required();
  calibrate
      ->add_option("--input", a.input,
                   "How pixels become the network's input, where its file does not say it: \"{scale: 1/255}\", as "
                   "`input` of an experiment")
      ->type_name("YAML");
  calibrate->add_option("--rows", s.rows, "Rows of the chip's crossbars (default: 256)")->type_name("N");
  calibrate->add_option("--threads", s.threads, "Threads (default: as many as the process may use)")->type_name("N");
  calibrate->add_flag("--quiet", a.quiet, "No progress");
  return calibrate;
}

CLI::App* add_compile(CLI::App& app, arguments& a, option_words& s) {
  CLI::App* compile = app.add_subcommand("compile", "Map an experiment's network to its chip and write the deployment");
  compile->add_option("EXPERIMENT", a.file, "Experiment (.yaml)")->required();
  compile->add_option("--out", a.out, "Folder to write")->type_name("PATH")->required();
  compile->add_option("--write-mapping", a.write_mapping, "Write the mapping as YAML too, for mapping.file")
      ->type_name("FILE");
  compile->add_flag("--explain", a.explain,
                    "Print the mapping: clusters, replicas, use of crossbars, what each stage takes and what binds it; "
                    "beside it what was measured, if the experiment's output folder holds a run of this mapping");
  compile->add_flag("--pareto", a.pareto,
                    "Print which of the mappings that policy best has tried no other one beats in batch time, time "
                    "between images, energy (with the key energy) and clusters");
  compile->add_option("--set", a.sets, "KEY=VALUE; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  compile->add_option("--model", s.model, "A model by name, or an ONNX file")->type_name("NAME|FILE");
  compile->add_flag("--quiet", a.quiet, "No progress and no table");
  return compile;
}

CLI::App* add_energy(CLI::App& app, arguments& a) {
  CLI::App* energy = app.add_subcommand("energy", "Energy and area of a finished run, by these or other coefficients");
  energy->footer(
      "\nExamples:\n"
      "  ohmic energy out/resnet18/summary.json --energy configs/energy/silicon.yaml\n"
      "  ohmic energy out/resnet18/summary.json --set cores.alu.pj=3 --set mvm=fixed\n"
      "  ohmic energy out/resnet18/summary.json --energy configs/energy/paper.yaml --fit");
  energy->add_option("SUMMARY", a.file, "summary.json of a run with --energy")->required();
  energy->add_option("--energy", a.energy, "Coefficients (default: those of the run)")->type_name("FILE");
  energy->add_option("--set", a.sets, "KEY=VALUE of the coefficients; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  energy->add_flag("--fit", a.fit, "Choose digital_scale so that this run costs fit_mj, and print it");
  energy->add_option("--json", a.json, "Write what summary.json has under `energy` to this file")->type_name("FILE");
  energy->add_flag("--quiet", a.quiet, "No table");
  return energy;
}

CLI::App* add_evaluate(CLI::App& app, arguments& a, option_words& s) {
  CLI::App* evaluate =
      app.add_subcommand("evaluate", "Accuracy of a network over labelled data, in the integer reference");
  evaluate->footer(
      "\nExamples:\n"
      "  ohmic evaluate net.onnx --data cifar/test_batch.bin --calibration cifar/data_batch_1.bin --input \"{scale: "
      "1/255}\"\n"
      "  ohmic evaluate dscnn --data kws.npz --calibration kws.npz --calibration-images 100 --skip 100 --json "
      "out.json\n"
      "  ohmic evaluate experiment.yaml --set layers.fc=digital --data test.npz");
  evaluate
      ->add_option("MODEL", a.file, "ONNX network (float, quantised or calibrated), a model by name, or an experiment")
      ->required();
  evaluate
      ->add_option(
          "--data", a.data,
          "Labelled data: .npz, CIFAR-10's .bin, IDX, or a folder of these or with a folder of pictures per class")
      ->type_name("FILE|DIR")
      ->required();
  evaluate
      ->add_option(
          "--calibration", a.calibration,
          "Labelled data or folder of pictures that a float or uncalibrated network is quantised and calibrated "
          "with; not those it is judged by")
      ->type_name("FILE|DIR");
  evaluate->add_option("--calibration-images", s.calibration_images, "How many of labelled data (default: 256)")
      ->type_name("N");
  evaluate->add_option("--images", s.evaluated, "How many images, evenly from all of the data (default: all of it)")
      ->type_name("N");
  evaluate->add_option("--skip", s.skip, "Leave out the first ones (default: 0)")->type_name("N");
  evaluate->add_option("--input", a.input, "How values become the network's input, as `input` of an experiment")
      ->type_name("YAML");
  evaluate->add_option("--set", a.sets, "KEY=VALUE of the experiment; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  evaluate->add_option("--rows", s.rows, "Rows of the chip's crossbars (default: 256)")->type_name("N");
  evaluate->add_option("--threads", s.threads, "Threads (default: as many as the process may use)")->type_name("N");
  evaluate
      ->add_option(
          "--time", s.times,
          "Also on crossbars of phase-change memory, so long after programming: 1s,1h,1d,1mo,1y or a part of these")
      ->type_name("TIMES");
  evaluate->add_option("--draws", s.draws, "Chips that are drawn for each time (default: 5)")->type_name("N");
  evaluate
      ->add_option("--analog", a.analog,
                   "Their devices and noise, as `analog` of an experiment: \"{read_noise: static}\"")
      ->type_name("YAML");
  evaluate->add_flag("--only-adc", a.only_adc, "Leave out the float network and the int8 network without ADCs");
  evaluate->add_option("--json", a.json, "Write the figures to this file")->type_name("FILE");
  evaluate->add_flag("--quiet", a.quiet, "No progress and no table");
  return evaluate;
}

CLI::App* add_hybrid(CLI::App& app, arguments& a, option_words& s) {
  CLI::App* hybrid = app.add_subcommand(
      "hybrid", "Decide for each layer whether it runs on crossbars or on cores, within a loss of accuracy");
  std::string methods = "Methods, the first unless told otherwise:";
  for (const hybrid_policy& policy : hybrid_policies()) methods += "\n  " + policy.name + ": " + policy.what;
  hybrid->footer(
      "\n" + methods +
      "\n\nExamples:\n"
      "  ohmic hybrid experiment.yaml --data cifar/test_batch.bin --threshold 1% --time 1d --out out/hybrid\n"
      "  ohmic hybrid experiment.yaml --data test.npz --threshold 0.5%,1%,3% --method lionheart,ohmic --json out.json\n"
      "  ohmic run experiment.yaml --model out/hybrid/ohmic_1.onnx");
  hybrid->add_option("EXPERIMENT", a.file, "Experiment (.yaml): network, chip and mapping policy")->required();
  hybrid->add_option("--data", a.data, "Labelled data, as of `ohmic evaluate`")->type_name("FILE|DIR")->required();
  hybrid
      ->add_option("--threshold", s.thresholds,
                   "Greatest loss of accuracy against the float network, in points (default: 1%)")
      ->type_name("LOSSES");
  hybrid->add_option("--time", s.times, "So long after programming: 1s, 1h, 1d, ... (default: the experiment's)")
      ->type_name("TIME");
  hybrid->add_option("--method", s.methods, "How to search (default: ohmic)")->type_name("NAMES");
  hybrid
      ->add_option(
          "--confidence", s.confidence,
          "Of ohmic: that other chips and images hold the threshold, too; 50%: the mean decides (default: 90%)")
      ->type_name("SHARE");
  hybrid->add_option("--draws", s.draws, "Chips that are drawn to judge a choice (default: 20)")->type_name("N");
  hybrid->add_option("--images", s.evaluated, "Images of the search, drawn from the data (default: 1000)")
      ->type_name("N");
  hybrid->add_option("--skip", s.skip, "Leave out the data's first ones (default: 0)")->type_name("N");
  hybrid->add_option("--fresh-draws", s.fresh_draws, "Chips that judge what was found (default: 20)")->type_name("N");
  hybrid
      ->add_option("--fresh-images", s.fresh_images,
                   "Other images, that judge what was found, as far as there are any (default: 1000)")
      ->type_name("N");
  hybrid->add_flag("--ties-reversed", a.ties_reversed,
                   "Of layers with equally many MACs the last one is tried first, not the first one");
  hybrid
      ->add_option("--retrain", a.retrain,
                   "Method lionheart: train anew after each conversion, by PROGRAM FROM.onnx TO.onnx ON_CROSSBARS "
                   "ON_CORES (layers; both files calibrated)")
      ->type_name("PROGRAM");
  hybrid->add_flag("--no-simulation", s.no_simulation, "Do not run what was found on the chip");
  hybrid
      ->add_option("--analog", a.analog,
                   "Devices and noise, as `analog` of an experiment: \"{read_noise: static, compensation: global}\"")
      ->type_name("YAML");
  hybrid
      ->add_option("--calibration", a.calibration,
                   "What a float or uncalibrated network is calibrated with, as of `ohmic evaluate`")
      ->type_name("FILE|DIR");
  hybrid->add_option("--calibration-images", s.calibration_images, "How many of labelled data (default: 256)")
      ->type_name("N");
  hybrid->add_option("--model", s.model, "A model by name, or an ONNX file")->type_name("NAME|FILE");
  hybrid->add_option("--chip", a.chip, "Chip (.yaml)")->type_name("FILE");
  hybrid->add_option("--set", a.sets, "KEY=VALUE of the experiment; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  hybrid->add_option("--energy", a.energy, "Report energy by these coefficients (configs/energy)")->type_name("FILE");
  hybrid->add_option("--threads", s.threads, "Threads (default: as many as the process may use)")->type_name("N");
  hybrid->add_option("--out", a.out, "Folder for the calibrated networks and their `layers:`")->type_name("PATH");
  hybrid->add_option("--json", a.json, "Write the figures to this file")->type_name("FILE");
  hybrid->add_flag("--quiet", a.quiet, "No progress and no table");
  return hybrid;
}

CLI::App* add_models(CLI::App& app, arguments& a) {
  CLI::App* models = app.add_subcommand("models", "Networks by name: `list`, or `get NAME` (where it is)");
  models->add_option("WHAT", a.file, "list or get")->required()->check(CLI::IsMember({"list", "get"}));
  models->add_option("NAME", a.name, "Of get");
  return models;
}

CLI::App* add_info(CLI::App& app, arguments& a) {
  CLI::App* info = app.add_subcommand("info", "Print a chip with every parameter resolved");
  info->add_option("CHIP", a.file, "Chip (.yaml)")->required();
  info->add_option("--set", a.sets, "KEY=VALUE; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  return info;
}

}  // namespace

command_apps add_commands(CLI::App& app, arguments& a, option_words& words) {
  return {add_run(app, a, words),      add_calibrate(app, a, words), add_compile(app, a, words), add_energy(app, a),
          add_evaluate(app, a, words), add_hybrid(app, a, words),    add_models(app, a),         add_info(app, a)};
}

}  // namespace ohmic
