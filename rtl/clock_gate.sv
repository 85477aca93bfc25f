// The clock gate that an integrator of CV32E40P supplies. This one passes the clock: a model that owns the clock holds
// it still while the core sleeps (core_sleep_o), which stops the same registers and costs nothing.
module cv32e40p_clock_gate (
    input  logic clk_i,
    input  logic en_i,
    input  logic scan_cg_en_i,
    output logic clk_o
);
  assign clk_o = clk_i;
endmodule
