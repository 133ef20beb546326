package importer

import (
	"maps"
	"testing"
)

func TestLoTEFolder(t *testing.T) {
	good := map[string]string{
		"scheme.yaml":               "operatorNames: [{language: en, value: Consortium}]\ntype: http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric\nterritory: EU\nsequenceNumber: 3\n",
		"providers/a/provider.yaml": "names: [{language: en, value: A}]\ninformationURI: [{language: en, value: https://a.example}]\naddress: {postal: {countryName: AT}}\n",
		"providers/a/eaa.yaml":      "serviceNames: [{language: en, value: EAA}]\nserviceType: http://uri.etsi.org/TrstSvc/Svctype/EAA\n",
		"entities/b/entity.yaml": "names: [{language: en, value: B}]\nservices:\n- serviceNames: [{language: en, value: CA}]\n  serviceType: http://uri.etsi.org/TrstSvc/Svctype/CA/QC\n" +
			"  status: http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted\n",
	}
	tests := []struct {
		name     string
		edit     func(f map[string]string, opt *Options)
		want     Reason
		entities int
	}{
		{"as it is", func(f map[string]string, opt *Options) {}, "", 5},
		{"nobody asked for unsigned", func(f map[string]string, opt *Options) { opt.Unsigned = false }, NoSignature, 0},
		{"no scheme", func(f map[string]string, opt *Options) { delete(f, "scheme.yaml") }, NoFile, 0},
		{"no entities", func(f map[string]string, opt *Options) {
			maps.DeleteFunc(f, func(name, _ string) bool { return name != "scheme.yaml" })
		}, NoFile, 0},
		{"a provider without its file", func(f map[string]string, opt *Options) { delete(f, "providers/a/provider.yaml") }, NoFile, 0},
		{"a service without a type", func(f map[string]string, opt *Options) {
			f["providers/a/eaa.yaml"] = "serviceNames: [{language: en, value: EAA}]\n"
		}, "", 4},
		{"a status of another scheme", func(f map[string]string, opt *Options) {
			f["providers/a/eaa.yaml"] += "status: http://a.example/good\n"
		}, "", 4},
		{"no operator", func(f map[string]string, opt *Options) { f["scheme.yaml"] = "type: x\n" }, BadForm, 0},
		{"a list of mappings", func(f map[string]string, opt *Options) { f["scheme.yaml"] = "- a: 1\n- b: 1\n" }, BadForm, 0},
		{"an alias", func(f map[string]string, opt *Options) { f["scheme.yaml"] += "x: &a 1\ny: *a\n" }, BadForm, 0},
		{"no YAML", func(f map[string]string, opt *Options) { f["providers/a/eaa.yaml"] = "{" }, BadForm, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, opt := maps.Clone(good), Options{Unsigned: true, Now: listNow}
			tt.edit(files, &opt)
			r, err := LoTE(write(t, files), opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if p := r.Report; p.Entities != tt.entities || p.Signature.State != Unsigned || p.Sequence != 3 || p.Keys != 0 || p.NextUpdate != "" {
				t.Errorf("report %+v", p)
			}
			s, _ := build(t, r)
			if e := find(t, s, "etsi-lote:EU:EUgeneric:A"); e.Services[len(e.Services)-1].URL != "https://a.example" {
				t.Errorf("%+v", e)
			}
		})
	}
}
